use crate::StoreError;
use crate::connect::Timeouts;
use diesel::ConnectionResult;
use diesel::connection::{CacheSize, Instrumentation};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{ConnectionError, DatabaseErrorKind, Error, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection,
};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// A connection that does not wait for ever: an answer that is too late is an error, and the connection is given up.
///
/// Postgres ends a statement that takes too long, but whether that arrives is for the network to say. TCP notices a peer that is
/// gone, and does not notice a host or a proxy that takes what is sent and forwards nothing.
///
/// Several statements that do not need each other's answers can be sent through `&Connection` before the first is answered. With
/// [`begin`](Self::begin), the beginning of a transaction is sent together with its first statement.
pub(crate) struct Connection {
    inner: AsyncPgConnection,
    timeouts: Timeouts,
    patience: Patience,
    /// What begins the transaction, until a statement takes it along.
    beginning: Mutex<Option<String>>,
}

#[derive(Clone)]
struct Patience {
    limit: Duration,
    given_up: Arc<AtomicBool>,
    /// The server takes no changes: nobody shall get the connection next, and what it is asked meanwhile is answered.
    read_only: Arc<AtomicBool>,
}

type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
type Rows<'conn, 'query> = BoxStream<'conn, QueryResult<Row<'conn, 'query>>>;

impl Connection {
    pub(crate) fn new(inner: AsyncPgConnection, timeouts: Timeouts) -> Self {
        let patience = Patience {
            limit: timeouts.silence,
            given_up: Arc::default(),
            read_only: Arc::default(),
        };
        Self {
            inner,
            timeouts,
            patience,
            beginning: Mutex::default(),
        }
    }

    /// Begins a transaction, without a round trip of its own: `sql` goes ahead of the first statement. An error of it is that statement's.
    ///
    /// # Errors
    /// When there is a transaction.
    pub(crate) async fn begin(&mut self, sql: &str) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, "").await?;
        self.beginning = Mutex::new(Some(sql.to_owned()));
        Ok(())
    }

    /// Sends what begins the transaction, where nothing has taken it along; to be polled before what follows. It has to be answered within the silence
    /// time-out.
    fn begun(&self) -> BoxFuture<'_, QueryResult<()>> {
        let sql = self.beginning.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move {
            let Some(sql) = sql else { return Ok(()) };
            let executed = self.prompt().wait((&mut &self.inner).batch_execute(&sql)).await?;
            self.look_at(executed).await
        }
        .boxed()
    }

    /// For what takes no time.
    fn prompt(&self) -> Patience {
        Patience {
            limit: self.timeouts.silence,
            ..self.patience.clone()
        }
    }

    async fn answer<T>(&self, answer: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
        let answer = self.patience.wait(answer).await?;
        self.look_at(answer).await
    }

    /// An error that ended the connection is told from others: the same on another may succeed. The driver does not pass the code of either on, and the message
    /// is in whatever language the server speaks.
    async fn look_at<T>(&self, answer: QueryResult<T>) -> QueryResult<T> {
        match answer {
            Err(Error::DatabaseError(DatabaseErrorKind::Unknown, told)) if self.has_ended().await => {
                Err(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, told))
            }
            Err(error) => {
                if StoreError::is_read_only(&error) {
                    self.give_up_read_only();
                }
                Err(error)
            }
            answered => answered,
        }
    }

    /// Whether nothing is answered any more. Nothing is what is asked: that is answered in a transaction that has failed, too.
    fn has_ended(&self) -> BoxFuture<'_, bool> {
        async move {
            let mut inner = &self.inner;
            let answer = self.prompt().wait(inner.batch_execute("")).await;
            !matches!(answer, Ok(Ok(())))
        }
        .boxed()
    }

    /// From here on only what takes no time is asked: an answer has to be there within the silence time-out.
    pub(crate) fn expect_promptness(&mut self) {
        self.patience.limit = self.timeouts.silence;
    }

    /// From here on statements may run: each as long as Postgres lets it, and the silence time-out for its answer.
    pub(crate) fn expect_work(&mut self) {
        self.patience.limit = self.timeouts.statement.unwrap_or_default() + self.timeouts.silence;
    }

    /// Whether an answer was too late: then others may be as well.
    pub(crate) fn is_given_up(&self) -> bool {
        self.patience.given_up.load(Ordering::Relaxed)
    }

    /// The connection goes once whoever has it is done with it: another may be to a server that takes changes.
    pub(crate) fn give_up_read_only(&self) {
        self.patience.read_only.store(true, Ordering::Relaxed);
    }
}

/// Gives the connection up unless the answer came.
struct Unanswered<'a>(Option<&'a AtomicBool>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(given_up) = self.0 {
            given_up.store(true, Ordering::Relaxed);
        }
    }
}

impl Patience {
    /// Whoever waits no longer, for having waited long enough, leaves a connection that may be silent for ever: nobody shall get it next.
    async fn wait<T>(&self, answer: impl Future<Output = T>) -> QueryResult<T> {
        // What came after a late answer would be taken for the next one's.
        let mut unanswered = Unanswered(Some(&self.given_up));
        if self.given_up.load(Ordering::Relaxed) {
            tracing::debug!("a connection to Postgres that was given up before is asked no more");
        } else if let Ok(answer) = timeout(self.limit, answer).await {
            unanswered.0 = None;
            return Ok(answer);
        } else {
            tracing::warn!(limit = ?self.limit, "no answer from Postgres: giving the connection up");
        }
        // Not "closed": the next connection may be as silent, and whoever asks would wait for each.
        Err(Error::BrokenTransactionManager)
    }
}

/// The rows as they come, each within the connection's patience.
fn wait_for_each<'a, T: Send + 'a>(
    connection: &'a Connection,
    rows: BoxStream<'a, QueryResult<T>>,
) -> BoxStream<'a, QueryResult<T>> {
    stream::unfold(Some(rows), async |rows| {
        let mut rows = rows?;
        match connection.patience.wait(rows.next()).await {
            Ok(row) => Some((connection.look_at(row?).await, Some(rows))),
            Err(late) => Some((Err(late), None)),
        }
    })
    .boxed()
}

impl SimpleAsyncConnection for Connection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        (&*self).batch_execute(query).await
    }
}

/// Nothing is not sent.
impl SimpleAsyncConnection for &Connection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        if query.is_empty() {
            return Ok(());
        }
        let begun = self.begun();
        let mut inner = &self.inner;
        // Boxed, for it is part of the future of every transaction.
        let executed = self.answer(inner.batch_execute(query)).boxed();
        futures::try_join!(begun, executed).map(|_| ())
    }
}

impl AsyncConnectionCore for Connection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Rows<'conn, 'query>>>;
    type Stream<'conn, 'query> = Rows<'conn, 'query>;
    type Row<'conn, 'query> = Row<'conn, 'query>;
    type Backend = diesel::pg::Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        (&*self).load(source)
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        (&*self).execute_returning_count(source)
    }
}

impl<'a> AsyncConnectionCore for &'a Connection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'a, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'a, QueryResult<Rows<'a, 'query>>>;
    type Stream<'conn, 'query> = Rows<'a, 'query>;
    type Row<'conn, 'query> = Row<'conn, 'query>;
    type Backend = diesel::pg::Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let (connection, begun) = (*self, self.begun());
        let rows = (&connection.inner).load(source);
        async move {
            let ((), rows) = futures::try_join!(begun, connection.answer(rows))?;
            Ok(wait_for_each(connection, rows))
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let (connection, begun) = (*self, self.begun());
        let count = (&connection.inner).execute_returning_count(source);
        async move {
            let ((), count) = futures::try_join!(begun, connection.answer(count))?;
            Ok(count)
        }
        .boxed()
    }
}

impl AsyncConnection for Connection {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "connections are made by store::connect".to_owned(),
        ))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.inner.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.inner.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.inner.set_prepared_statement_cache_size(size);
    }
}

impl PoolableConnection for Connection {
    fn is_broken(&mut self) -> bool {
        self.is_given_up() || self.patience.read_only.load(Ordering::Relaxed) || self.inner.is_broken()
    }
}
