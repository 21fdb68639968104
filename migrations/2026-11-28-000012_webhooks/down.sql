DROP TABLE webhook_attempts, webhook_deliveries, webhook_endpoints;
DROP FUNCTION webhook_event_types(text, text, jsonb), utc_text(timestamptz), uuid_v7();
