-- Expands: batches: jobs that belong together, counted as they end, and a job that follows when all of them have.

-- The job that follows its batch is not due while this holds. The counts stand on the batch: `pending_children` was never used, and counting
-- on a row with as many indexes as a job's would have cost each child an entry in all of them.
ALTER TABLE jobs DROP COLUMN pending_children;
ALTER TABLE jobs ADD COLUMN awaits_batch boolean NOT NULL DEFAULT false;
CREATE INDEX jobs_of_parent ON jobs (tenant_id, parent_id, id) WHERE parent_id IS NOT NULL;

CREATE TABLE batches (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    -- The `parent_id` of its jobs, and the id of the job that follows, where there is one.
    id         uuid NOT NULL,
    name       text NOT NULL DEFAULT '',
    -- What the first dead job does to the others.
    on_failure text NOT NULL CHECK (on_failure IN ('continue', 'cancel')),
    -- Jobs may still be added; it does not end while this holds.
    open       boolean NOT NULL,
    has_step   boolean NOT NULL,
    total      integer NOT NULL DEFAULT 0,
    succeeded  integer NOT NULL DEFAULT 0,
    dead       integer NOT NULL DEFAULT 0,
    cancelled  integer NOT NULL DEFAULT 0,
    -- Why what has not ended is being cancelled; done with when `swept_at` is set.
    stopped_by text CHECK (stopped_by IN ('request', 'failure')),
    stopped_at timestamptz,
    swept_at   timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When nothing pended any more. Set once, with the job that follows becoming due.
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    CHECK (least(succeeded, dead, cancelled) >= 0 AND succeeded + dead + cancelled <= total),
    CHECK ((stopped_by IS NULL) = (stopped_at IS NULL))
-- Room for updates in place: every group of ended jobs writes its batch's row.
) WITH (fillfactor = 50);
CREATE INDEX batches_unended ON batches (id) WHERE ended_at IS NULL;
CALL protect_tenant_table('batches');
CREATE POLICY system ON batches TO visualkit_system USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE, DELETE ON batches TO visualkit_system;
