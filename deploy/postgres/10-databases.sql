-- Runs once, when the container's data folder is empty. One database and one role a participant.
--
-- `migrator` owns the databases and their tables, and only the one-shot migrations use it. Each
-- participant's own role may read and write rows in its own database and nothing else: it cannot
-- change a table, drop the trigger that keeps the ledger append-only, or enter another's database.
\set ON_ERROR_STOP on
\getenv migrator_password YIDI_DB_PASSWORD_MIGRATOR
CREATE ROLE migrator LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'migrator_password';

\set participant hub
\getenv password YIDI_DB_PASSWORD_HUB
\ir participant.psql
\set participant insured_340000
\getenv password YIDI_DB_PASSWORD_INSURED_340000
\ir participant.psql
\set participant insured_320000
\getenv password YIDI_DB_PASSWORD_INSURED_320000
\ir participant.psql
\set participant treatment_310000
\getenv password YIDI_DB_PASSWORD_TREATMENT_310000
\ir participant.psql
\set participant treatment_330000
\getenv password YIDI_DB_PASSWORD_TREATMENT_330000
\ir participant.psql
