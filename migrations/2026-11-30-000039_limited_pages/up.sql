-- Expands: what a sync has to remember of an address that sends it away.
ALTER TABLE source_items
    -- How often this sync was put off for long when it asked for it.
    ADD COLUMN put_off integer NOT NULL DEFAULT 0,
    -- Since when it leads elsewhere for the time being.
    ADD COLUMN away_since timestamptz;
