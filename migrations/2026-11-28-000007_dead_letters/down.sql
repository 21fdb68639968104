ALTER TABLE jobs DROP COLUMN discarded_at, DROP COLUMN discard_reason;
