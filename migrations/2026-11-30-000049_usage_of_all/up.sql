-- Expands: what calls with a credential of the installation cost all tenants together, which the system role sums up. A binary that does not know of it asks for no sum.
CREATE POLICY system ON provider_usage FOR SELECT TO visualkit_system USING (true);
GRANT SELECT (credential, day, tokens, cost_micros) ON provider_usage TO visualkit_system;
-- A day's rows of a credential, of all tenants.
CREATE INDEX provider_usage_of_day ON provider_usage (credential, day);
