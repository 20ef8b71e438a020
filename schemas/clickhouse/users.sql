-- The three users of tuition on a ClickHouse of your own, for a database tuition.
-- Run it once as an administrator, with passwords of your own in place of '…'.
-- Each is given no more than it needs.
CREATE USER IF NOT EXISTS tuition_admin IDENTIFIED WITH sha256_password BY '…';
GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE ON tuition.* TO tuition_admin;
GRANT SELECT ON system.clusters TO tuition_admin;
GRANT REMOTE ON *.* TO tuition_admin; -- with a cluster only

CREATE USER IF NOT EXISTS tuition_ingest IDENTIFIED WITH sha256_password BY '…';
GRANT SELECT, INSERT ON tuition.* TO tuition_ingest;
GRANT ALTER DELETE ON tuition.fold_* TO tuition_ingest; -- to drop what newer snapshots replaced
GRANT SELECT ON system.parts TO tuition_ingest;
GRANT SELECT ON system.clusters TO tuition_ingest; -- with a cluster only

CREATE SETTINGS PROFILE IF NOT EXISTS tuition_read SETTINGS readonly = 2, optimize_aggregation_in_order = 1, max_execution_time = 60 MAX 600, max_memory_usage = 4000000000 MAX 4000000000;
CREATE USER IF NOT EXISTS tuition_read IDENTIFIED WITH sha256_password BY '…' SETTINGS PROFILE tuition_read;
GRANT SELECT ON tuition.* TO tuition_read;
