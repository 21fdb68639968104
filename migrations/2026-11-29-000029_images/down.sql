-- Documents that are pictures would be embedded by their titles alone.
DO $$ BEGIN
    IF EXISTS (SELECT FROM chunks WHERE image IS NOT NULL) THEN
        RAISE EXCEPTION 'there are documents that are pictures: delete them first';
    END IF;
END $$;
ALTER TABLE chunks DROP COLUMN image;
