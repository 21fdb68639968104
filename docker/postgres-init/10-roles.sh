#!/usr/bin/env bash
# Run once by the postgres image, when its data directory is new. The passwords are in its environment, where roles.sql reads them.
set -euo pipefail
psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --file /visualkit/roles.sql
