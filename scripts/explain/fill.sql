-- Fills an empty, migrated database with :jobs jobs of 200 tenants in six weeks, in every state, with bodies, attempts, batches, calls and deliveries.
-- psql --set jobs=1000000 --file scripts/explain/fill.sql "$DATABASE_OWNER_URL"
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET work_mem = '64MB';

-- Partitions of the weeks before this one, which production has made in their time.
DO $$
DECLARE
    week timestamptz; t text; name text;
BEGIN
    FOR n IN 1..5 LOOP
        week := (date_trunc('week', now() AT TIME ZONE 'UTC') - n * interval '7 days') AT TIME ZONE 'UTC';
        FOREACH t IN ARRAY ARRAY['jobs', 'job_bodies', 'job_attempts', 'effects'] LOOP
            name := t || '_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');
            EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, t,
                           uuid_of_instant(week), uuid_of_instant(week + interval '7 days'));
        END LOOP;
    END LOOP;
END $$;

INSERT INTO tenants (id, name) SELECT gen_random_uuid(), 'explain-' || n FROM generate_series(1, 200) n;
CREATE TEMP TABLE tenant AS SELECT id, row_number() OVER (ORDER BY name) - 1 AS n FROM tenants WHERE name LIKE 'explain-%';
CREATE UNIQUE INDEX ON tenant (n);

-- One tenant has a fifth of all. Of each hundred jobs 52 have succeeded, 2 are dead, 1 is cancelled, 5 are interactive and have ended, 30 are
-- queued, 9 wait for their time and 1 for its next attempt. What has not ended is of the latest day.
CREATE TEMP TABLE new AS
SELECT g, t.id AS tenant_id, state,
       -- A UUIDv7 of its moment.
       overlay(overlay(uuid_of_instant(at)::text PLACING '7' FROM 15 FOR 1)
               PLACING substr(md5(g::text), 1, 3) || '-8' || substr(md5(g::text), 4, 3) || '-' || substr(md5(g::text), 7, 12) FROM 16)::uuid AS id,
       at, CASE WHEN g % 100 BETWEEN 55 AND 59 THEN 'retrieval' ELSE (ARRAY['ingest', 'general', 'general', 'delivery'])[1 + (g / 100 + g) % 4] END AS pool,
       CASE WHEN g % 100 BETWEEN 55 AND 59 THEN 'search' ELSE (ARRAY['ingest_document', 'delete_document', 'diagnostics.noop', 'deliver_webhook'])[1 + (g / 100 + g) % 4] END AS kind,
       g % 100 BETWEEN 55 AND 59 AS interactive
FROM (SELECT g, CASE WHEN g % 100 < 52 THEN 'succeeded' WHEN g % 100 < 54 THEN 'dead' WHEN g % 100 < 55 THEN 'cancelled' WHEN g % 100 < 60 THEN 'succeeded'
                     WHEN g % 100 < 90 THEN 'queued' WHEN g % 100 < 99 THEN 'scheduled' ELSE 'retryable' END AS state,
             now() - CASE WHEN g % 100 < 55 THEN random() * interval '35 days' WHEN g % 100 < 60 THEN random() * interval '1 hour'
                          ELSE random() * interval '1 day' END AS at
      FROM generate_series(1, :jobs) g) made
JOIN tenant t ON t.n = CASE WHEN g / 100 % 5 = 0 THEN 0 ELSE g / 100 % 200 END;

INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, attempt, max_attempts, dispatch_epoch, dispatched_at,
                  created_at, started_at, finished_at)
SELECT id, tenant_id, pool, kind, 1, interactive, state, 1,
       CASE WHEN state IN ('scheduled', 'retryable') THEN now() + random() * interval '30 days' ELSE at END,
       CASE WHEN state IN ('succeeded', 'dead') THEN 1 ELSE 0 END, 5,
       CASE WHEN state = 'queued' THEN 'paused' END, CASE WHEN state = 'queued' THEN at END,
       at, CASE WHEN state IN ('succeeded', 'dead') THEN at END, CASE WHEN state IN ('succeeded', 'dead', 'cancelled') THEN at + interval '1 second' END
FROM new ORDER BY id;
-- Forty run.
UPDATE jobs SET state = 'running', attempt = 1, worker = 'general-1', lease_token = gen_random_uuid(), lease_until = now() + interval '1 day',
       attempt_started_at = now(), started_at = now()
WHERE id IN (SELECT id FROM new WHERE state = 'queued' ORDER BY g LIMIT 40);

INSERT INTO job_bodies (tenant_id, job_id, payload, result, error)
SELECT tenant_id, id, jsonb_build_object('document_id', id, 'note', repeat(md5(g::text), 6)),
       CASE WHEN state = 'succeeded' THEN jsonb_build_object('chunks', g % 100) END,
       CASE WHEN state = 'dead' THEN jsonb_build_object('code', (ARRAY['worker_lost', 'integration', 'permanent'])[1 + g % 3], 'message', 'It failed.', 'retryable', false) END
FROM new ORDER BY id;
INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome, error)
SELECT tenant_id, id, 1, 1, 'general-1', at, at + interval '1 second', CASE state WHEN 'dead' THEN 'failed' ELSE 'succeeded' END, NULL
FROM new WHERE state IN ('succeeded', 'dead') ORDER BY at;

INSERT INTO job_locks (tenant_id, unique_key, job_id) SELECT tenant_id, 'key-' || g, id FROM new WHERE state = 'queued' AND g % 10 = 0;
INSERT INTO idempotency_keys (tenant_id, route, key, request_hash, resource_id, expires_at)
SELECT tenant_id, 'POST /v1/jobs', 'key-' || g, '', id, now() + interval '1 day' FROM new WHERE g % 10 = 1;
INSERT INTO effects (tenant_id, job_id, step, request_hash, state, settled_at)
SELECT tenant_id, id, 'call', sha256(g::text::bytea), 'done', at FROM new WHERE state IN ('succeeded', 'dead') AND g % 10 = 2;

-- A tenth of all jobs are in batches of a hundred; a third of those batches have not ended.
CREATE TEMP TABLE batch AS
SELECT tenant_id, (array_agg(id ORDER BY id))[1] AS first, array_agg(id) AS jobs, row_number() OVER () AS n
FROM (SELECT tenant_id, id, g, row_number() OVER (PARTITION BY tenant_id ORDER BY g) / 100 AS of
      FROM new WHERE NOT interactive AND g % 10 = 3) picked GROUP BY tenant_id, of;
ALTER TABLE batch ADD id uuid NOT NULL DEFAULT gen_random_uuid();
UPDATE jobs j SET parent_id = b.id FROM (SELECT id, unnest(jobs) AS job FROM batch) b WHERE j.id = b.job;
INSERT INTO batches (tenant_id, id, on_failure, open, has_step, total, succeeded, dead, cancelled, ended_at)
SELECT b.tenant_id, b.id, 'continue', true, false, s.total, s.succeeded, s.dead, s.cancelled, CASE WHEN b.n % 3 > 0 THEN now() - interval '2 days' END
FROM batch b CROSS JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE state = 'succeeded') AS succeeded, count(*) FILTER (WHERE state = 'dead') AS dead,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled
    FROM jobs j WHERE j.tenant_id = b.tenant_id AND j.parent_id = b.id) s;

INSERT INTO webhook_endpoints (tenant_id, id, url, events, enabled, secret) SELECT id, id, 'https://example.com/', '{job.dead}', true, '' FROM tenant;
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, type, data, job_id, outcome, ended_at, created_at)
SELECT tenant_id, id, tenant_id, 'job.succeeded', jsonb_build_object('id', id, 'note', repeat(md5(g::text), 6)), id,
       CASE WHEN state IN ('succeeded', 'dead', 'cancelled') THEN 'delivered' END, CASE WHEN state IN ('succeeded', 'dead', 'cancelled') THEN at END, at
FROM new WHERE kind = 'deliver_webhook';

INSERT INTO workers (name, pool, host, version, slots, running, recent_ended, recent_failed, recent_busy_us)
SELECT pool || '-' || n, pool, 'host', '', 4, 1, 100, 1, 1000000 FROM unnest(ARRAY['ingest', 'general', 'retrieval', 'delivery']) pool, generate_series(1, 5) n;
VACUUM (ANALYZE) jobs, job_bodies, job_attempts, effects, job_locks, idempotency_keys, batches, webhook_endpoints, webhook_deliveries, workers;
