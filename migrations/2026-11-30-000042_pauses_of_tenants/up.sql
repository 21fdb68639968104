-- Expands: what an operator has paused of one tenant, apart from what that tenant has paused itself: the tenant may read it, and does not lift it.
CREATE TABLE tenant_pauses (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id         uuid NOT NULL,
    kind       text,
    reason     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX tenant_pauses_of_kind ON tenant_pauses (tenant_id, coalesce(kind, ''));
CALL protect_tenant_table('tenant_pauses');
REVOKE INSERT, UPDATE, DELETE ON tenant_pauses FROM visualkit_app;
CREATE POLICY system ON tenant_pauses FOR SELECT TO visualkit_system USING (true);
GRANT SELECT ON tenant_pauses TO visualkit_system;
