//! Ends of jobs short of success, where what came of a call is not known.
use super::{Finish, Outcome};
use crate::connect::PooledConnection;
use crate::effects::{DECIDE, IS_UNKNOWN, UNKNOWN_CODE, UNKNOWN_WHY, sentence};
use crate::prepared::Prepare;
use crate::{JobId, StoreError};
use diesel::sql_types::{Array, Bool, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: JobId,
    #[diesel(sql_type = Bool)]
    is_undecided: bool,
}

/// Which of those that did not succeed. It is asked before the ends are written: the ledger is written under the
/// leases that they end.
///
/// # Errors
/// [`StoreError::Query`].
pub(super) async fn undecided(
    conn: &mut PooledConnection,
    finishes: &[&Finish],
) -> Result<BTreeSet<JobId>, StoreError> {
    let short = |finish: &&&Finish| !matches!(finish.outcome, Outcome::Succeeded { .. });
    let ids: Vec<JobId> = finishes.iter().filter(short).map(|finish| finish.id).collect();
    let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(BTreeSet::new());
    };
    let rows: Vec<Row> = sql_query(format!(
        "SELECT j.id, {IS_UNKNOWN} AS is_undecided FROM jobs j WHERE j.id = ANY($1) AND j.id BETWEEN $2 AND $3"
    ))
    .bind::<Array<Uuid>, _>(&ids)
    .bind::<Uuid, _>(*first)
    .bind::<Uuid, _>(*last)
    .prepared()
    .load(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.is_undecided)
        .map(|row| row.id)
        .collect())
}

/// The error of such a job, which may have said so itself. What else it said goes before.
pub(super) fn explain(said: Option<&Value>) -> Cow<'_, Value> {
    let text = |field: &str| said.and_then(|error| error.get(field)?.as_str());
    if let Some(said) = said.filter(|_| text("code") == Some(UNKNOWN_CODE)) {
        return Cow::Borrowed(said);
    }
    let before = text("message")
        .map(|message| format!("{} ", sentence(message)))
        .unwrap_or_default();
    Cow::Owned(json!({
        "code": UNKNOWN_CODE,
        "message": format!("{before}{UNKNOWN_WHY} {DECIDE}"),
        "retryable": false,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_said_before_is_a_sentence_of_its_own() {
        let told = |message: &str| {
            let said = json!({"code": "status", "message": message});
            let explained = explain(Some(&said)).into_owned();
            explained.get("message").and_then(Value::as_str).unwrap().to_owned()
        };
        assert!(told("500 Internal Server Error").starts_with("500 Internal Server Error. The job ended"));
        assert!(told("It is away.").starts_with("It is away. The job ended"));
    }
}
