ALTER TABLE document_versions DROP COLUMN said_title, DROP COLUMN said_mime_type;
