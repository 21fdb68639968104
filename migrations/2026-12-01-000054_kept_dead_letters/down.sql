DROP INDEX jobs_dead_kept;
