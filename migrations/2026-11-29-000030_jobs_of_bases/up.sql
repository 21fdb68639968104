-- Expands: the knowledge bases whose replicas a job needs, so that it runs where they are open. None: any worker of its pool will do.

ALTER TABLE jobs ADD COLUMN knowledge_base_ids uuid[] NOT NULL DEFAULT '{}';
