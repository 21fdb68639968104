/// Two expressions for the `WITH` of every statement that ends jobs, after one named `ended` (tenant_id, parent_id, state): each batch
/// is told, once a statement, how many of its jobs have ended and how. So a job is counted in the transaction that ends it, and
/// as often as it ends.
///
/// `counted` (id, due) says of which batches something is to be done: to be ended, or its other jobs to be cancelled. What that is, the
/// rows say themselves; whoever sees it first does it (`end.rs`, `stop.rs`).
pub(crate) const COUNTED: &str = "
counting AS (
    SELECT b.tenant_id, b.id, e.succeeded, e.dead, e.cancelled
    FROM batches b JOIN (
        SELECT tenant_id, parent_id, count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
               count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'cancelled') AS cancelled
        FROM ended WHERE parent_id IS NOT NULL AND state IN ('succeeded', 'dead', 'cancelled') GROUP BY tenant_id, parent_id
    ) e ON e.tenant_id = b.tenant_id AND e.parent_id = b.id
    ORDER BY b.id FOR NO KEY UPDATE OF b
), counted AS (
    UPDATE batches b SET
        succeeded = b.succeeded + c.succeeded, dead = b.dead + c.dead, cancelled = b.cancelled + c.cancelled,
        open = b.open AND NOT (b.on_failure = 'cancel' AND c.dead > 0),
        stopped_by = coalesce(b.stopped_by, CASE WHEN b.on_failure = 'cancel' AND c.dead > 0 THEN 'failure' END),
        stopped_at = coalesce(b.stopped_at, CASE WHEN b.on_failure = 'cancel' AND c.dead > 0 THEN now() END)
    FROM counting c WHERE b.tenant_id = c.tenant_id AND b.id = c.id
    RETURNING b.id, b.ended_at IS NULL AND ((NOT b.open AND b.succeeded + b.dead + b.cancelled = b.total)
                                            OR (b.stopped_at IS NOT NULL AND b.swept_at IS NULL)) AS due
)";
