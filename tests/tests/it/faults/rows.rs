use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use std::time::{Duration, Instant};
use tests::TestApp;

/// What the database says, asked as the owner, across tenants. Connects again when the server was restarted.
pub(super) struct Rows {
    url: String,
    connection: Option<AsyncPgConnection>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Rows {
    pub(super) fn of(app: &TestApp) -> Self {
        Self::at(&app.database.owner_url)
    }

    pub(super) fn at(owner_url: &str) -> Self {
        Self {
            url: owner_url.to_owned(),
            connection: None,
        }
    }

    /// The one number that `select` selects.
    pub(super) async fn number(&mut self, select: &str) -> i64 {
        let sql = format!("SELECT coalesce(({select}), 0)::bigint AS value");
        self.load::<Number>(&sql).await.pop().expect("one row").value
    }

    /// The one column that `select` selects, as text; NULLs are left out.
    pub(super) async fn texts(&mut self, select: &str) -> Vec<String> {
        let sql = format!("SELECT value::text AS value FROM ({select}) AS rows (value) WHERE value IS NOT NULL");
        self.load::<Line>(&sql)
            .await
            .into_iter()
            .map(|line| line.value)
            .collect()
    }

    /// Runs a statement that must not be run twice.
    pub(super) async fn execute(&mut self, statement: &str) {
        let mut connection = AsyncPgConnection::establish(&self.url).await.unwrap();
        diesel::sql_query(statement).execute(&mut connection).await.unwrap();
    }

    pub(super) async fn jobs(&mut self, state: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM jobs WHERE state = '{state}'"))
            .await
    }

    /// Waits until the number that `select` selects is at least `least`.
    pub(super) async fn until(&mut self, select: &str, least: i64, limit: Duration) {
        let start = Instant::now();
        loop {
            let found = self.number(select).await;
            if found >= least {
                return;
            }
            assert!(
                start.elapsed() < limit,
                "{found} instead of {least} after {limit:?}: {select}\n{}",
                self.states().await
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(super) async fn until_succeeded(&mut self, jobs: i64, limit: Duration) {
        self.until("SELECT count(*) FROM jobs WHERE state = 'succeeded'", jobs, limit)
            .await;
    }

    /// Nothing was lost and nothing was done twice: there are `jobs` jobs, and each has ended well exactly once.
    pub(super) async fn assert_each_succeeded_once(&mut self, jobs: i64) {
        let states = self.states().await;
        assert_eq!(self.number("SELECT count(*) FROM jobs").await, jobs, "{states}");
        assert_eq!(self.jobs("succeeded").await, jobs, "{states}");
        let once = "SELECT count(*) FROM (SELECT FROM job_attempts WHERE outcome = 'succeeded' GROUP BY job_id HAVING count(*) = 1) AS one";
        assert_eq!(self.number(once).await, jobs, "{states}");
        assert_eq!(
            self.number("SELECT count(*) FROM job_attempts WHERE outcome = 'succeeded'")
                .await,
            jobs,
            "{states}"
        );
    }

    /// How many jobs are in each state, and how many attempts had each outcome: for messages.
    pub(super) async fn states(&mut self) -> String {
        let select = "SELECT 'job ' || state || ' ' || count(*) FROM jobs GROUP BY state
                      UNION ALL SELECT 'attempt ' || outcome || ' ' || count(*) FROM job_attempts GROUP BY outcome";
        self.texts(select).await.join("; ")
    }

    async fn load<Row>(&mut self, sql: &str) -> Vec<Row>
    where
        Row: diesel::deserialize::FromSqlRow<diesel::sql_types::Untyped, diesel::pg::Pg> + Send + 'static,
    {
        let start = Instant::now();
        loop {
            match self.try_load(sql).await {
                Ok(rows) => return rows,
                Err(error) => {
                    assert!(start.elapsed() < Duration::from_secs(30), "{sql}: {error}");
                    self.connection = None;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn try_load<Row>(&mut self, sql: &str) -> Result<Vec<Row>, String>
    where
        Row: diesel::deserialize::FromSqlRow<diesel::sql_types::Untyped, diesel::pg::Pg> + Send + 'static,
    {
        if self.connection.is_none() {
            self.connection = Some(
                AsyncPgConnection::establish(&self.url)
                    .await
                    .map_err(|error| error.to_string())?,
            );
        }
        let connection = self.connection.as_mut().expect("just made");
        diesel::sql_query(sql)
            .load(connection)
            .await
            .map_err(|error| error.to_string())
    }
}
