SET LOCAL ROLE visualkit_lookup;
DROP FUNCTION look_up_api_key(bytea);
RESET ROLE;
REVOKE SELECT (rate_tier) ON api_keys FROM visualkit_lookup;
ALTER TABLE api_keys DROP COLUMN rate_tier;
DROP TABLE provider_usage, provider_budgets;
ALTER TABLE jobs DROP COLUMN snooze;
