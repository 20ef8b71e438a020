package store

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/schemas"
)

const (
	schemaFolder = "clickhouse"
	viewFolder   = "clickhouse/view"
)

// views in the order in which they read each other: one file each.
var views = []string{
	"service", "service_alias", "failure_mode_rule_current", "setting",
	"incident_entity", "incident_told", "incident_named",
	"change_entity", "change_told", "change_merged", "rollback", "change_rolled_back", "change_state", "change",
	"incident_state", "incident", "incident_reach", "change_linked", "flag_undone", "change_undone", "incident_change", "change_blamed",
	"improvement_state", "improvement", "recurrence",
	"monitoring_gap_state", "monitoring_gap", "postmortem_state", "postmortem", "rejection", "coverage",
	"experiment_state", "experiment", "near_miss_state", "near_miss", "risk_told", "mode_met", "risk_state", "risk",
	"cost_told", "cost_state", "cost_failure", "cost",
	"risk_incident", "warning_heeded", "near_miss_incident", "experiment_incident",
	"change_net", "failure_told", "failure", "exposure",
	"estimate_run_current", "estimate", "estimate_evidence", "watch_alarm_first", "watch", "board_item", "board",
	"estimate_history", "estimate_told", "estimate_revision",
}

// Migrate brings the database to this version's tables and views and names the
// migrations that it applied; a second call applies none. With a cluster it goes
// to every server of it in turn, so that no ON CLUSTER queue is needed; a server
// that joins later gets its tables by migrating again.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	err = s.onEveryServer(ctx, func(conn driver.Conn) error {
		names, err := s.migrate(ctx, conn)
		for _, name := range names {
			if !slices.Contains(applied, name) {
				applied = append(applied, name)
			}
		}
		return err
	})
	return applied, err
}

// onEveryServer does something on the one server, or on every server of the cluster in turn.
func (s *Store) onEveryServer(ctx context.Context, do func(driver.Conn) error) error {
	if s.config.Cluster == "" {
		return do(s.conn)
	}
	servers, err := s.clusterServers(ctx)
	if err != nil {
		return err
	}
	for _, server := range servers {
		if err := s.onServer(server, do); err != nil {
			return fmt.Errorf("server %s of cluster %q: %w", server, s.config.Cluster, err)
		}
	}
	return nil
}

func (s *Store) clusterServers(ctx context.Context) ([]string, error) {
	rows, err := s.conn.Query(ctx, query("cluster_servers"), s.config.Cluster)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's servers: %w", err)
	}
	defer rows.Close()
	var servers []string
	for rows.Next() {
		var host string
		var port uint16
		if err := rows.Scan(&host, &port); err != nil {
			return nil, err
		}
		servers = append(servers, net.JoinHostPort(host, strconv.Itoa(int(port))))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("ClickHouse knows no cluster %q: name one of system.clusters, or leave the setting empty for a single server", s.config.Cluster)
	}
	return servers, nil
}

func (s *Store) onServer(server string, do func(driver.Conn) error) error {
	conn, err := connect(s.config, []string{server})
	if err != nil {
		return err
	}
	defer conn.Close()
	return do(conn)
}

func (s *Store) migrate(ctx context.Context, conn driver.Conn) (applied []string, err error) {
	if err := conn.Exec(ctx, query("migration_table")); err != nil {
		return nil, fmt.Errorf("make the table of migrations: %w", err)
	}
	done, err := texts(ctx, conn, query("migrations"))
	if err != nil {
		return nil, fmt.Errorf("read the table of migrations: %w", err)
	}
	names, err := migrations()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if slices.Contains(done, name) {
			continue
		}
		if err := s.execFile(ctx, conn, path.Join(schemaFolder, name+".sql")); err != nil {
			return applied, fmt.Errorf("migration %s: %w", name, err)
		}
		if err := conn.Exec(ctx, query("migration_done"), name); err != nil {
			return applied, fmt.Errorf("record migration %s: %w", name, err)
		}
		applied = append(applied, name)
	}
	for _, name := range views {
		if err := s.execFile(ctx, conn, path.Join(viewFolder, name+".sql")); err != nil {
			return applied, fmt.Errorf("view %s: %w", name, err)
		}
	}
	return applied, s.migrateTwins(ctx, conn)
}

// migrations are the names of all migrations, in order.
func migrations() ([]string, error) {
	files, err := fs.Glob(schemas.ClickHouse, schemaFolder+"/[0-9]*.sql")
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(path.Base(file), ".sql")
	}
	slices.Sort(files)
	return files, nil
}

// execFile runs the statements of a file. They are separated by a semicolon at
// the end of a line.
func (s *Store) execFile(ctx context.Context, conn driver.Conn, file string) error {
	text, err := s.render(file)
	if err != nil {
		return err
	}
	for _, statement := range strings.Split(text, ";\n") {
		if !blank(statement) {
			if err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// blank says whether a statement is only comments.
func blank(statement string) bool {
	for line := range strings.Lines(statement) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			return false
		}
	}
	return true
}

// render fills the few words that a file may use: those of tables and of fold.
func (s *Store) render(file string) (string, error) { return s.renderWith(file, tables{s.config}) }

func (s *Store) renderWith(file string, data any) (string, error) {
	text, err := schemas.ClickHouse.ReadFile(file)
	if err != nil {
		return "", err
	}
	// view: what a view selects, for statements in which names stand for something else.
	view := func(name string) (string, error) {
		text, err := s.render(path.Join(viewFolder, name+".sql"))
		return madeAs.ReplaceAllString(text, ""), err
	}
	// cut: the same of the events touched, and of what had happened to them until a moment.
	cut := func(name string) (string, error) {
		text, err := view(name)
		return strings.ReplaceAll(text, "FROM event AS e", "FROM ("+query("cut_event")+") AS e"), err
	}
	words := template.FuncMap{"view": view, "cut": cut}
	parsed, err := template.New(path.Base(file)).Funcs(foldWords).Funcs(words).Parse(string(text))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := parsed.Execute(&out, data); err != nil {
		return "", err
	}
	return out.String(), nil
}

// tables gives the words by which one file makes tables on one server or on a cluster.
type tables struct{ config Config }

// Local is the suffix of the table that holds a shard's rows.
func (t tables) Local() string {
	if t.config.Cluster == "" {
		return ""
	}
	return "_local"
}

// Replacing is the engine that keeps one row of each key: the one with the
// greatest version, or any if there is no version.
func (t tables) Replacing(table, version string) string {
	if !t.config.Replicated {
		return fmt.Sprintf("ReplacingMergeTree(%s)", version)
	}
	if version != "" {
		version = ", " + version
	}
	return fmt.Sprintf("ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/%s/%s', '{replica}'%s)", t.config.Database, table, version)
}

// Appending is the engine that keeps every row.
func (t tables) Appending(table string) string {
	if !t.config.Replicated {
		return "MergeTree"
	}
	return fmt.Sprintf("ReplicatedMergeTree('/clickhouse/tables/{shard}/%s/%s', '{replica}')", t.config.Database, table)
}

// Durable are the settings by which an acknowledged insert survives a power cut.
// Replicas do that for each other (insert_quorum). What is inserted is one file
// for all columns: syncing two files for each column took most of an insert's time.
func (t tables) Durable() string {
	const compact = "SETTINGS min_bytes_for_wide_part = 1073741824"
	if t.config.Replicated {
		return compact
	}
	return compact + ", fsync_after_insert = 1, fsync_part_directory = 1"
}

// Distribute makes the table over all shards, if there is a cluster.
func (t tables) Distribute(table, key string) string {
	if t.config.Cluster == "" {
		return ""
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s AS %s_local ENGINE = Distributed('%s', '%s', '%s_local', %s);",
		table, table, t.config.Cluster, t.config.Database, table, key)
}

// query is the text of a file of schemas/clickhouse/query.
func query(name string) string {
	text, err := schemas.ClickHouse.ReadFile(path.Join(schemaFolder, "query", name+".sql"))
	if err != nil {
		panic(err) // the files are part of the binary
	}
	return string(text)
}

// texts reads the only column of a query.
func texts(ctx context.Context, conn driver.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}
