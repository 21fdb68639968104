-- Expands: a document that is switched off stays with all that it has, and is found by nothing.
ALTER TABLE documents ADD COLUMN enabled boolean NOT NULL DEFAULT true;
