-- The two older functions keep their newer bodies, which need what the migrations before this one made: going further back, put the bodies of
-- 2026-11-23-000002_jobs in place first.
DROP FUNCTION count_default_job_rows();
