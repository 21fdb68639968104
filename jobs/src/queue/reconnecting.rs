use futures::FutureExt;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, Pipeline, RedisFuture, RedisResult, ServerErrorKind, Value};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A connection to a server that takes no writes is kept this long: if whoever leads to Redis still leads to that server, not every command shall connect anew.
const REPLICA_KEPT: Duration = Duration::from_millis(250);

/// One connection for all commands, made when first used, and made anew when it has ended, an answer was too late, or the server takes no writes.
///
/// [`ConnectionManager`] sees to the first. After a late answer it keeps its connection, which may be one that the network has
/// forgotten: every command would then be too late. It also keeps one to a server that became a replica without hanging up, while a new one would be led to
/// the server that took its place.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Client,
    config: ConnectionManagerConfig,
    current: Arc<Mutex<Generation>>,
}

#[derive(Clone)]
struct Generation {
    number: u64,
    made: Instant,
    manager: ConnectionManager,
}

impl Connection {
    pub(crate) fn open(client: Client, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let manager = client.get_connection_manager_lazy(config.clone())?;
        let first = Generation {
            number: 0,
            made: Instant::now(),
            manager,
        };
        Ok(Self {
            client,
            config,
            current: Arc::new(Mutex::new(first)),
        })
    }

    /// Which connection is in use now, for [`replace`](Self::replace).
    pub(crate) fn generation(&self) -> u64 {
        self.current().number
    }

    /// Uses another connection from here on, unless somebody else has seen to that since `generation`.
    pub(crate) fn replace(&self, generation: u64) {
        self.replace_after(Duration::ZERO, generation);
    }

    /// The same, of a connection that turned out to be to a replica.
    pub(crate) fn leave_replica(&self, generation: u64) {
        self.replace_after(REPLICA_KEPT, generation);
    }

    fn replace_after(&self, kept: Duration, generation: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number == generation
            && current.made.elapsed() >= kept
            && let Ok(manager) = self.client.get_connection_manager_lazy(self.config.clone())
        {
            tracing::debug!("no answer from Redis, or only a replica's; connecting anew");
            *current = Generation {
                number: generation + 1,
                made: Instant::now(),
                manager,
            };
        }
    }

    fn current(&self) -> Generation {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn judge<'a>(&self, generation: u64, answer: Result<impl IntoIterator<Item = &'a Value>, &redis::RedisError>) {
        match answer {
            Err(error) if error.is_timeout() => self.replace(generation),
            Err(error) if is_of_replica(error.kind()) => self.leave_replica(generation),
            Err(_) => {}
            // The server's errors are values until somebody reads them.
            Ok(values) => {
                let mut said = values.into_iter().filter_map(|value| match value {
                    Value::ServerError(error) => error.kind(),
                    _ => None,
                });
                if said.any(|kind| is_of_replica(kind.into())) {
                    self.leave_replica(generation);
                }
            }
        }
    }
}

/// Only a replica says that it takes no writes, or that its master is away.
fn is_of_replica(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    )
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        async move {
            let Generation {
                number, mut manager, ..
            } = self.current();
            let answer = manager.req_packed_command(command).await;
            self.judge(number, answer.as_ref().map(std::slice::from_ref));
            answer
        }
        .boxed()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        async move {
            let Generation {
                number, mut manager, ..
            } = self.current();
            let answer = manager.req_packed_commands(pipeline, offset, count).await;
            self.judge(number, answer.as_ref());
            answer
        }
        .boxed()
    }

    fn get_db(&self) -> i64 {
        self.current().manager.get_db()
    }
}
