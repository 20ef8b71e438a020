-- The three users of tuition on a ClickHouse of your own, for a database tuition.
-- Run it once as an administrator, with passwords of your own in place of '…', and
-- with your database's name in place of tuition. Each is given no more than it needs.

-- Migrates, rebuilds, and no more: nothing that runs all the time needs it.
CREATE USER IF NOT EXISTS tuition_admin IDENTIFIED WITH sha256_password BY '…';
GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE, SHOW ON tuition.* TO tuition_admin;
GRANT SELECT ON system.parts TO tuition_admin;
GRANT SELECT ON system.clusters TO tuition_admin; -- with a cluster only
GRANT REMOTE ON *.* TO tuition_admin; -- with a cluster only

-- Inserts events, and publishes what is computed from them.
CREATE USER IF NOT EXISTS tuition_ingest IDENTIFIED WITH sha256_password BY '…';
GRANT SELECT, INSERT, SHOW ON tuition.* TO tuition_ingest;
GRANT ALTER DELETE ON tuition.fold_* TO tuition_ingest; -- to drop what newer snapshots and runs replaced; never an event
GRANT ALTER DELETE ON tuition.estimate_run* TO tuition_ingest;
GRANT ALTER DELETE ON tuition.estimate_row* TO tuition_ingest;
GRANT ALTER DELETE ON tuition.estimate_basis* TO tuition_ingest;
GRANT ALTER DELETE ON tuition.evidence_part* TO tuition_ingest;
GRANT ALTER DELETE ON tuition.watch_row* TO tuition_ingest;
GRANT SELECT ON system.parts TO tuition_ingest; -- which of them there are
GRANT SELECT ON system.clusters TO tuition_ingest; -- with a cluster only
GRANT CREATE TEMPORARY TABLE ON *.* TO tuition_ingest; -- what was so at a moment is held in them
GRANT CREATE ARBITRARY TEMPORARY TABLE ON *.* TO tuition_ingest; -- of more than two million events on disk

-- Reads the views: pages, Grafana, metrics, explain, sql.
CREATE SETTINGS PROFILE IF NOT EXISTS tuition_read SETTINGS readonly = 2, optimize_aggregation_in_order = 1, max_execution_time = 60 MAX 600, max_memory_usage = 4000000000 MAX 4000000000;
CREATE USER IF NOT EXISTS tuition_read IDENTIFIED WITH sha256_password BY '…' SETTINGS PROFILE tuition_read;
GRANT SELECT, SHOW ON tuition.* TO tuition_read;
GRANT SELECT ON information_schema.* TO tuition_read;
GRANT SELECT ON INFORMATION_SCHEMA.* TO tuition_read;
GRANT CREATE TEMPORARY TABLE ON *.* TO tuition_read; -- what was so at a moment is held in them
