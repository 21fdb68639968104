//! Calls to the outside, each made through the ledger: written down before and after, under a key that is the same for every attempt.
use crate::{JobContext, JobError};
use integrations::IntegrationError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::future::Future;
use store::effects::{self, Intent, Settlement};
use uuid::Uuid;

/// The namespace of the keys that are sent along (RFC 9562, version 5: name-based).
const KEYS: Uuid = Uuid::from_u128(0x6d1f_9a52_3c0e_4f8b_a7d4_91e0_55c3_b28e);

/// What the other side knows of an earlier call whose outcome was lost.
#[derive(Clone, Debug, PartialEq)]
pub enum LookedUp<T> {
    /// It took effect, and this is what it would have answered.
    Done(T),
    /// It did not, and will not.
    NotDone,
    /// There is no way to ask.
    CannotTell,
}

/// One call to the outside that changes something there. Serialised, it is the request: equal at every attempt.
pub trait Effect: Serialize + Send + Sync {
    type Response: Serialize + DeserializeOwned + Send;

    /// Makes the call. `key` names the job and the step, not the attempt: send it as the vendor's idempotency key.
    fn call(&self, key: Uuid) -> impl Future<Output = Result<Self::Response, IntegrationError>> + Send;

    /// Finds out what came of a call whose answer was lost.
    fn look_up(&self, key: Uuid) -> impl Future<Output = Result<LookedUp<Self::Response>, IntegrationError>> + Send {
        let _ = key;
        async { Ok(LookedUp::CannotTell) }
    }
}

impl JobContext {
    /// Takes the step once in the life of the job, however many attempts that needs. `None`: a person said that it was done, so that nobody
    /// knows what was answered.
    ///
    /// # Errors
    /// [`JobError`]: to be retried where the call certainly had no effect; dead with `effect_unknown` where it may have had one and the other
    /// side cannot be asked.
    ///
    /// A stop of the job waits until this has returned; once the job has been told to stop, this calls nothing and does not return. However the job then ends short of
    /// success, it is dead with `effect_unknown` where the ledger does not say what came of the call.
    pub async fn effect<E: Effect>(&self, step: &str, effect: &E) -> Result<Option<E::Response>, JobError> {
        let _in_flight = self.calls.begin().await;
        let request = serde_json::to_vec(effect).map_err(|error| defect(&error))?;
        let hash: [u8; 32] = Sha256::digest(&request).into();
        let key = Uuid::new_v5(&KEYS, format!("{}/{step}", self.id()).as_bytes());
        // A transaction that writes, and commits to the disk: also what the claim of an interactive job did not wait for is there before the call.
        let intent = self
            .app
            .store
            .tenant(self.tenant(), async |tx| {
                effects::intend(tx, self.held(), step, &hash).await
            })
            .await?;
        match intent {
            Intent::Call => {}
            Intent::Done(None) => return Ok(None),
            Intent::Done(Some(response)) => {
                return serde_json::from_value(response)
                    .map(Some)
                    .map_err(|error| defect(&error));
            }
            Intent::Unknown => {
                return self
                    .reconcile(step, effect, key, "The job's last attempt ended during the call.")
                    .await;
            }
            Intent::Other => return Err(defect(&format!("step {step} was taken with another request before"))),
        }
        match effect.call(key).await {
            Ok(response) => self.done(step, response).await.map(Some),
            Err(error) if error.may_have_taken_effect() => {
                self.settle(
                    step,
                    Settlement::Unknown {
                        error: described(&error),
                    },
                )
                .await?;
                self.reconcile(step, effect, key, &error.to_string()).await
            }
            Err(error) => {
                self.settle(
                    step,
                    Settlement::Failed {
                        error: described(&error),
                    },
                )
                .await?;
                Err(error.into())
            }
        }
    }

    /// Whether the step was done before: then [`effect`](Self::effect) calls nothing, and no budget needs to be asked for it.
    ///
    /// # Errors
    /// [`JobError`], to be retried.
    pub async fn has_done(&self, step: &str) -> Result<bool, JobError> {
        let done = self
            .app
            .store
            .read_by_id(self.tenant(), async |tx| effects::is_done(tx, self.id(), step).await)
            .await?;
        Ok(done)
    }

    /// The outcome of an earlier call is not known: asks the other side, or leaves it to a person.
    async fn reconcile<E: Effect>(
        &self,
        step: &str,
        effect: &E,
        key: Uuid,
        why: &str,
    ) -> Result<Option<E::Response>, JobError> {
        match effect.look_up(key).await? {
            LookedUp::Done(response) => self.done(step, response).await.map(Some),
            LookedUp::NotDone => {
                let error = json!({ "code": "not_done", "message": why });
                self.settle(step, Settlement::Failed { error }).await?;
                Err(JobError::retry(
                    "effect_not_done",
                    format!("{why} It was looked up, and had no effect."),
                ))
            }
            LookedUp::CannotTell => Err(JobError::effect_unknown(&format!(
                "Whether step {step} took effect is not known, and it is not repeated blindly: {why}"
            ))),
        }
    }

    async fn done<T: Serialize>(&self, step: &str, response: T) -> Result<T, JobError> {
        let kept = serde_json::to_value(&response).map_err(|error| defect(&error))?;
        self.settle(step, Settlement::Done { response: kept }).await?;
        Ok(response)
    }

    async fn settle(&self, step: &str, settlement: Settlement) -> Result<(), JobError> {
        self.app
            .store
            .tenant(self.tenant(), async |tx| {
                effects::settle(tx, self.held(), step, &settlement).await
            })
            .await?;
        Ok(())
    }
}

fn described(error: &IntegrationError) -> Value {
    json!({ "message": error.to_string() })
}

fn defect(error: &impl std::fmt::Display) -> JobError {
    tracing::error!(%error, "an effect cannot be written down");
    JobError::permanent(
        "internal",
        "An effect of this job could not be written down; this is a defect.",
    )
}
