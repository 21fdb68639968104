use futures::FutureExt;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, Pipeline, RedisFuture, RedisResult, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// One connection for all commands, made when first used, and made anew when it has ended or an answer was too late.
///
/// [`ConnectionManager`] sees to the former. After a late answer it keeps its connection, which may be one that the network has
/// forgotten: every command would then be too late.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Client,
    config: ConnectionManagerConfig,
    current: Arc<Mutex<Generation>>,
}

#[derive(Clone)]
struct Generation {
    number: u64,
    manager: ConnectionManager,
}

impl Connection {
    pub(crate) fn open(client: Client, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let manager = client.get_connection_manager_lazy(config.clone())?;
        Ok(Self {
            client,
            config,
            current: Arc::new(Mutex::new(Generation { number: 0, manager })),
        })
    }

    /// Which connection is in use now, for [`replace`](Self::replace).
    pub(crate) fn generation(&self) -> u64 {
        self.current().number
    }

    /// Uses another connection from here on, unless somebody else has seen to that since `generation`.
    pub(crate) fn replace(&self, generation: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number == generation
            && let Ok(manager) = self.client.get_connection_manager_lazy(self.config.clone())
        {
            tracing::debug!("no answer from Redis; connecting anew");
            let number = generation + 1;
            *current = Generation { number, manager };
        }
    }

    fn current(&self) -> Generation {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn judge<T>(&self, generation: u64, answer: &RedisResult<T>) {
        if answer.as_ref().is_err_and(|error| error.is_timeout()) {
            self.replace(generation);
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        async move {
            let Generation { number, mut manager } = self.current();
            let answer = manager.req_packed_command(command).await;
            self.judge(number, &answer);
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
            let Generation { number, mut manager } = self.current();
            let answer = manager.req_packed_commands(pipeline, offset, count).await;
            self.judge(number, &answer);
            answer
        }
        .boxed()
    }

    fn get_db(&self) -> i64 {
        self.current().manager.get_db()
    }
}
