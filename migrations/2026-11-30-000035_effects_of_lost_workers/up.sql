-- Expands: whoever ends a job whose worker was lost sees whether it was lost during a call. Not what was called, nor what was answered.

CREATE POLICY system ON effects FOR SELECT TO visualkit_system USING (true);
GRANT SELECT (tenant_id, job_id, state) ON effects TO visualkit_system;
