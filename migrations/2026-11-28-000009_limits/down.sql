DROP TABLE limits, kind_limits, tenant_limits;
