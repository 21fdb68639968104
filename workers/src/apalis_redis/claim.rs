use super::Shared;
use super::take::Taken;
use crate::pull::BATCH;
use crate::slots::Offer;
use std::pin::pin;
use tokio::sync::mpsc::UnboundedReceiver;

/// Claims what was taken, as much as there is at a time, until the other end is gone: what was taken is claimed or handed on, also at a stop.
pub(super) async fn run(shared: &Shared, mut taken: UnboundedReceiver<Taken>) {
    let pull = &shared.pull;
    let mut batch = Vec::new();
    while taken.recv_many(&mut batch, BATCH).await > 0 {
        let (mut popped, mut slots) = (Vec::new(), None::<Offer>);
        for (job, offer) in batch.drain(..) {
            let Some(offer) = offer else {
                pull.hand_on(&[job]).await;
                continue;
            };
            match &mut slots {
                Some(slots) => slots.join(offer),
                None => slots = Some(offer),
            }
            popped.push(job);
        }
        if let Some(slots) = slots
            && !pull.claim(popped, slots).await
        {
            let _closed = shared.closed.lock().await;
            let mut answers = pin!(pull.until_postgres_answers());
            while let Some((job, _)) = tokio::select! { () = &mut answers => None, job = taken.recv() => job } {
                pull.hand_on(&[job]).await;
            }
        }
    }
}
