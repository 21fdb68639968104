-- Expands: how many of a sync's addresses were looked at by the syncs before it, which ran out of time and from where it went on.

ALTER TABLE source_syncs ADD COLUMN continued integer NOT NULL DEFAULT 0;
