DROP TABLE workers, operator_pauses, pauses;
DROP INDEX jobs_dead;
ALTER TABLE jobs DROP COLUMN forced;
