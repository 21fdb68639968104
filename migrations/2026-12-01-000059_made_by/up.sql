-- Expands: which job made what a version holds, so that whoever shows a document need not look through its jobs. Not known of what was made before.
ALTER TABLE document_versions ADD COLUMN made_by uuid;
