//! apalis-redis as a peer: `apalis-peer` prints its figures as one line of JSON, as measure.js does for others. PEERS_REDIS_URL says where.
mod queue;
mod worker;

use anyhow::Context;
use measure::{Amounts, measure};
use serde_json::{Value, json};
use std::sync::Arc;

/// With more than 8,000 jobs due it fetches none ever again (`checks/apalis-redis`), so no phase queues that many at once. A steady stream that it
/// cannot keep up with may come to that all the same: its worker ends then, and what did not start is counted.
const AMOUNTS: Amounts = Amounts {
    singles: 3000,
    jobs: 7500,
    concurrent: 7500,
    hops: 300,
    paced_secs: 8.0,
};

const PROMISES: &str = "The job is in the memory of Redis: with appendfsync everysec a crash loses about the last second, and a wiped Redis loses \
                        everything queued. A worker that errs once stops; a lost lease completes work twice.";
const SETTINGS: &str = "polls every 10 ms (as it comes a job for an idle worker waits for the heartbeat, up to 30 s); batches of 100; \
                        7,500 jobs at most, since over 8,000 due jobs stop it for good";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("PEERS_REDIS_URL").context("PEERS_REDIS_URL is not set")?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, concurrency, stamps] = arguments.as_slice()
        && command == "work"
    {
        return worker::run(&url, concurrency.parse()?, stamps.as_ref()).await;
    }
    let queue = Arc::new(queue::ApalisQueue::open(&url).await?);
    let figures = measure(&queue, AMOUNTS, |what| eprintln!("  {what}")).await?;
    let mut peer = json!({ "peer": "apalis_redis", "version": "1.0.0", "promises": PROMISES, "settings": SETTINGS });
    if let (Value::Object(peer), Value::Object(figures)) = (&mut peer, serde_json::to_value(figures)?) {
        peer.extend(figures);
    }
    println!("{peer}");
    Ok(())
}
