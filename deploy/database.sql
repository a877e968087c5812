-- Run once by a superuser: a role that owns the schema and is for `parking migrate` alone, one that
-- serves and owns nothing, and the database. The passwords are variables of psql, `owner_password` and
-- `serve_password`, or stand in files where Docker puts secrets.
\if :{?owner_password}
\else
    \set owner_password `cat /run/secrets/database_owner_password`
    \set serve_password `cat /run/secrets/database_serve_password`
\endif
CREATE ROLE parking_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE parking_serve LOGIN PASSWORD :'serve_password';
CREATE DATABASE parking OWNER parking_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE parking FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE parking TO parking_serve;
\connect parking
-- Nobody else makes tables in it; since PostgreSQL 15 that is so by itself.
ALTER SCHEMA public OWNER TO parking_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
