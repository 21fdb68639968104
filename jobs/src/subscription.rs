use futures::StreamExt;
use redis::{Client, RedisResult};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

/// After this many response time-outs without a message, Redis is asked whether it is still there.
const QUIET: u32 = 5;

/// Listens to one Redis channel until dropped, reconnecting by itself, also when Redis has not answered within the response time-out. Messages sent while it was away are lost: whoever relies
/// on them looks again when told so, and now and then anyway.
pub struct Subscription {
    _stop: DropGuard,
}

impl Subscription {
    /// Calls `on_message` with each payload, and with an empty one after each (re)connection.
    pub fn start(
        client: Client,
        channel: String,
        response_timeout: Duration,
        on_message: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the subscription, which the drop guard stops"
        )]
        tokio::spawn(async move {
            let listening = async {
                loop {
                    if let Err(error) = listen(&client, &channel, response_timeout, &on_message).await {
                        tracing::debug!(channel, %error, "subscription lost");
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            };
            tokio::select! {
                () = stopped.cancelled() => {}
                () = listening => {}
            }
        });
        Self {
            _stop: stop.drop_guard(),
        }
    }
}

async fn listen(
    client: &Client,
    channel: &str,
    response_timeout: Duration,
    on_message: &(impl Fn(&[u8]) + Send + Sync),
) -> RedisResult<()> {
    let (mut asking, mut messages) = timeout(response_timeout, async {
        let mut connection = client.get_async_pubsub().await?;
        connection.subscribe(channel).await?;
        RedisResult::Ok(connection.split())
    })
    .await
    .map_err(std::io::Error::from)??;
    on_message(&[]);
    loop {
        match timeout(response_timeout * QUIET, messages.next()).await {
            Ok(Some(message)) => on_message(message.get_payload_bytes()),
            Ok(None) => return Ok(()),
            Err(_) => {
                let answer = timeout(response_timeout, asking.ping::<redis::Value>()).await;
                answer.map_err(std::io::Error::from)??;
            }
        }
    }
}
