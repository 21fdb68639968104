use crate::prepared::Prepare;
use crate::{DocumentId, Owner, StoreError, TenantId, TenantTx};
use diesel::sql_query;
use diesel::sql_types::{Array, Text, Uuid};
use diesel_async::RunQueryDsl;

/// What takes the place of an answer's fields of these names, as its kind reads them.
pub const ERASED_ANSWER: &str = r#"{"answer": "", "sentences": [], "citations": [], "support": 0, "outcome": "abstained",
    "reason": "A source of this answer has been deleted."}"#;

/// Takes the words out of every answer that is still kept and cites one of the documents, which are being deleted; returns how many there were.
/// What stays says that there was an answer.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn erase_answers_citing(tx: &mut TenantTx, documents: &[DocumentId]) -> Result<usize, StoreError> {
    Ok(sql_query(
        "UPDATE job_bodies b SET result = b.result || $3::jsonb
           FROM jobs j
           WHERE j.tenant_id = $1 AND j.interactive AND j.kind = 'answer_question' AND j.finished_at IS NOT NULL
             AND b.tenant_id = j.tenant_id AND b.job_id = j.id
             AND EXISTS (SELECT FROM jsonb_path_query(b.result, '$.citations[*].document_id') AS cited
                         WHERE (cited #>> '{}')::uuid = ANY($2))",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(documents)
    .bind::<Text, _>(ERASED_ANSWER)
    .prepared()
    .execute(&mut tx.conn)
    .await?)
}

/// Deletes every job of a tenant, whatever it is doing, and gives the space back; returns how many there were. For benchmarks, which begin with
/// nothing. Ids that Redis still holds are dropped by the worker that pops them.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn erase_all(owner: &mut Owner, tenant: TenantId) -> Result<usize, StoreError> {
    let mut jobs = 0;
    // The table of the jobs last, so that it is their number that is left in `jobs`.
    for table in ["effects", "job_locks", "job_attempts", "job_bodies", "jobs"] {
        jobs = sql_query(format!("DELETE FROM {table} WHERE tenant_id = $1"))
            .bind::<Uuid, _>(tenant)
            .execute(&mut owner.conn)
            .await?;
    }
    sql_query("VACUUM (ANALYZE) job_attempts, job_bodies, jobs")
        .execute(&mut owner.conn)
        .await?;
    Ok(jobs)
}
