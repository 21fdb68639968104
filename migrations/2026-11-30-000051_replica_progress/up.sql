-- Expands: how far a replica is that is being built or brought up to date: the documents that it has taken in, of those that had changed. Null while nobody is at it.
ALTER TABLE replica_cursors
    ADD COLUMN documents_done bigint,
    ADD COLUMN documents_all  bigint;
