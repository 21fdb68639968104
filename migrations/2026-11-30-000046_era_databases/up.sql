-- Expands: a database that was copied with its tables (CREATE DATABASE … TEMPLATE) and put back on a server that was not restarted has the same tables' oids
-- and the same start of the server, and counts on from where the copy was made.
ALTER TABLE knowledge_base_heads ADD COLUMN era_database oid;
