ALTER TABLE workers DROP COLUMN recent_ended, DROP COLUMN recent_failed, DROP COLUMN recent_busy_us;
DROP INDEX job_attempts_ended;
DROP INDEX jobs_queued;
