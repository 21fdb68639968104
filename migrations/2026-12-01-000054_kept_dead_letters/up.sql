-- Expands: which dead letters nobody has looked after for long.
CREATE INDEX jobs_dead_kept ON jobs (finished_at) WHERE state = 'dead' AND discarded_at IS NULL;
