ALTER TABLE replica_cursors DROP COLUMN documents_all, DROP COLUMN documents_done;
