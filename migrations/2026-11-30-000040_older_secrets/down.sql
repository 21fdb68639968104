ALTER TABLE webhook_endpoints DROP COLUMN older_secrets, DROP COLUMN older_secrets_until;
