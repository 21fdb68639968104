use std::time::Duration;

use apalis_redis::ConnectionManager;
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};
use tokio::time::sleep;

/// A connection whose replies arrive late, as over a slow network: it makes a race of microseconds wide enough to hit each time.
#[derive(Clone)]
pub(crate) struct LateReplies {
    pub(crate) connection: ConnectionManager,
    pub(crate) delay: Duration,
}

impl ConnectionLike for LateReplies {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let reply = self.connection.req_packed_command(command).await;
            sleep(self.delay).await;
            reply
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let replies = self.connection.req_packed_commands(pipeline, offset, count).await;
            sleep(self.delay).await;
            replies
        })
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }
}
