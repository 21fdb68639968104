-- The roles and the database, made once per server by a superuser and safe to run again (a second run resets the passwords).
--
--     psql -f migrations/roles.sql
--
-- Passwords come in as psql variables (owner_password, app_password, system_password) or, so that no process listing shows
-- them, from the environment: VISUALKIT_OWNER_PASSWORD, VISUALKIT_APP_PASSWORD, VISUALKIT_SYSTEM_PASSWORD. Needs psql 15 and
-- a server of version 16 or later. Run it on one database server per installation: role names belong to the whole server.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?owner_password} \else \getenv owner_password VISUALKIT_OWNER_PASSWORD
\endif
\if :{?app_password} \else \getenv app_password VISUALKIT_APP_PASSWORD
\endif
\if :{?system_password} \else \getenv system_password VISUALKIT_SYSTEM_PASSWORD
\endif
\if :{?database} \else \set database visualkit
\endif

-- A statement that fails must not put a password into the server's log.
SET log_min_error_statement = 'panic';
SET log_statement = 'none';
SET client_min_messages = 'warning';

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['visualkit_owner', 'visualkit_app', 'visualkit_system', 'visualkit_lookup']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Runs migrations and owns every table. Row-level security is forced, so it binds this role too: it sees all rows by
-- policies of its own, never by privilege. CREATEDB is for tests, which clone a template database each.
ALTER ROLE visualkit_owner WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION CREATEDB PASSWORD :'owner_password';
-- Serves tenants; owns nothing.
ALTER ROLE visualkit_app WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION NOCREATEDB PASSWORD :'app_password';
-- Moves jobs; is granted the job tables only.
ALTER ROLE visualkit_system WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION NOCREATEDB PASSWORD :'system_password';
-- Owns the functions that find a tenant before one is known; nobody logs in as it.
ALTER ROLE visualkit_lookup WITH NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION NOCREATEDB NOINHERIT;

-- The owner may give functions to the look-up role and take them back, but does not hold its rights.
GRANT visualkit_lookup TO visualkit_owner WITH INHERIT FALSE, SET TRUE;

SELECT format('CREATE DATABASE %I OWNER visualkit_owner ENCODING ''UTF8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
ALTER DATABASE :"database" OWNER TO visualkit_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO visualkit_app, visualkit_system;
