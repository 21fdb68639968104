REVOKE SELECT (tenant_id, job_id, state) ON effects FROM visualkit_system;
DROP POLICY system ON effects;
