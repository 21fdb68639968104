//! What holds a job up, for whoever waits for it.

use serde_json::Value;
use uuid::Uuid;

use super::connection::Client;
use crate::job_text::why_text;

/// What was said of it already, so that nothing is said twice.
#[derive(Debug, Default)]
pub(super) struct HeldUp {
    said: Vec<String>,
    stuck: Option<String>,
}

impl HeldUp {
    /// Asks what the job waits for, and has it said if it is something else than the last time. Who cannot be told waits all the same.
    pub(super) async fn look(&mut self, client: &Client, id: Uuid, say: &mut impl FnMut(&str)) {
        self.stuck = None;
        let Ok(why) = client.get::<Value>(&["jobs", &id.to_string(), "why"], &[]).await else {
            return;
        };
        let blockers = || why.get("blocked_by").and_then(Value::as_array).into_iter().flatten();
        let field = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let reasons: Vec<String> = blockers().map(|blocker| field(blocker, "reason")).collect();
        self.stuck = blockers()
            .find(|blocker| field(blocker, "class") == "stuck")
            .map(|blocker| field(blocker, "detail"));
        let state = field(&why, "state");
        let now = match (reasons.is_empty(), state.as_str()) {
            (false, _) => reasons,
            // It is worked on, which is nothing to be told of.
            (true, "running") => return,
            (true, _) => vec![state],
        };
        if now != self.said {
            self.said = now;
            say(&format!("job {id} has not moved for a while: {}", why_text(&why)));
        }
    }

    /// What will not change until somebody acts, as of the last look.
    pub(super) fn stuck(&self) -> Option<&str> {
        self.stuck.as_deref()
    }
}
