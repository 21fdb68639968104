ALTER TABLE document_versions DROP COLUMN made_by;
