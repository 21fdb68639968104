use futures::StreamExt;
use redis::Client;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Listens to one Redis channel until dropped, reconnecting by itself. Messages sent while it was away are lost: whoever relies
/// on them looks again when told so, and now and then anyway.
pub struct Subscription {
    _stop: DropGuard,
}

impl Subscription {
    /// Calls `on_message` with each payload, and with an empty one after each (re)connection.
    pub fn start(client: Client, channel: String, on_message: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the subscription, which the drop guard stops"
        )]
        tokio::spawn(async move {
            let listening = async {
                loop {
                    if let Err(error) = listen(&client, &channel, &on_message).await {
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

async fn listen(client: &Client, channel: &str, on_message: &(impl Fn(&[u8]) + Send + Sync)) -> redis::RedisResult<()> {
    let mut connection = client.get_async_pubsub().await?;
    connection.subscribe(channel).await?;
    on_message(&[]);
    let mut messages = connection.into_on_message();
    while let Some(message) = messages.next().await {
        on_message(message.get_payload_bytes());
    }
    Ok(())
}
