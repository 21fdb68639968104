-- Expands: how many of a worker's slots are for tenants that hold no other, so that a job that may not have them says what it waits for.

ALTER TABLE workers ADD COLUMN reserved integer NOT NULL DEFAULT 0;
