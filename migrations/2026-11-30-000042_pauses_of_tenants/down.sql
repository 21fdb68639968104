DROP TABLE tenant_pauses;
