DROP FUNCTION settle_deletions(interval, interval, integer);
DROP TABLE deletion_replicas, deletions, unused_embeddings, replica_cursors;
