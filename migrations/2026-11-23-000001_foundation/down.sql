DROP FUNCTION find_api_key(bytea);
DROP TABLE api_keys, principal_members, principals, memberships, roles, users, tenants;
DROP PROCEDURE protect_tenant_table(text);
