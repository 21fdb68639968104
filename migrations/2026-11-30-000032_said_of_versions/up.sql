-- Expands: what a document was said to be when it was submitted. `title` and `mime_type` are what its ingest has made of that; when it is ingested again it
-- begins from what was said. Null in versions from before: those begin from what was made of them.
ALTER TABLE document_versions ADD COLUMN said_title text, ADD COLUMN said_mime_type text;
