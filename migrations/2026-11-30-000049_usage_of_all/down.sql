DROP INDEX provider_usage_of_day;
REVOKE SELECT (credential, day, tokens, cost_micros) ON provider_usage FROM visualkit_system;
DROP POLICY system ON provider_usage;
