DROP INDEX jobs_of_schedule;
ALTER TABLE jobs DROP COLUMN schedule_id, DROP COLUMN schedule_tick;
DROP TABLE schedule_firings, schedules;
