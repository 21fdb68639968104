-- Expands: what a document says of itself (author, dates, front matter, headers of a mail), which searches filter and weigh by.

ALTER TABLE document_versions ADD COLUMN said jsonb NOT NULL DEFAULT '{}';
