package embedded

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/zap/zaptest"
)

var nobody = User{Name: "default"}

// intrusions are statements of somebody who has a shell on the machine but no password.
func intrusions(table string) []string {
	return []string{
		"SELECT * FROM " + table,
		"INSERT INTO " + table + " VALUES (1)",
		"DROP TABLE " + table,
		"CREATE TABLE tuition.mine (id UInt64) ENGINE = Memory",
		"CREATE TABLE mine (id UInt64) ENGINE = Memory",
		"CREATE TABLE default.mine (id UInt64) ENGINE = Memory",
		"CREATE TEMPORARY TABLE mine (line String) ENGINE = File(LineAsString, '/etc/passwd')",
		"CREATE USER me IDENTIFIED BY 'x'",
		"GRANT ALL ON *.* TO default",
		"SELECT * FROM file('/etc/passwd', LineAsString)",
		"SELECT * FROM file('users.xml', LineAsString)",
		"DESCRIBE file('/etc/passwd', LineAsString)",
		"INSERT INTO FUNCTION file('out.txt', LineAsString) VALUES ('x')",
		"SELECT file('/etc/passwd')",
		"SELECT * FROM filesystem('/etc')",
		"SELECT * FROM fileCluster('tuition', '/etc/passwd', LineAsString)",
		"SELECT * FROM url('file:///etc/passwd', LineAsString)",
		"SELECT * FROM url('http://127.0.0.1:9/', LineAsString)",
		"SELECT * FROM s3('http://127.0.0.1:9/a/b', LineAsString)",
		"SELECT * FROM hdfs('hdfs://127.0.0.1:9/a', LineAsString)",
		"SELECT * FROM sqlite('/etc/passwd', 'a')",
		"SELECT * FROM executable('cat', LineAsString, 'line String')",
		"SELECT * FROM remote('127.0.0.1', " + table + ")",
		"SELECT * FROM cluster('tuition', " + table + ")",
		"SELECT * FROM merge('tuition', '.*')",
		"SELECT * FROM mergeTreeIndex('tuition', 'secret_fact')",
		"SELECT * FROM viewIfPermitted(SELECT * FROM " + table + " ELSE null('id UInt64'))",
		"SELECT * FROM loop(" + table + ")",
		"SELECT * FROM mysql('127.0.0.1:9', 'd', 't', 'u', 'p')",
		"SELECT * FROM postgresql('127.0.0.1:9', 'd', 't', 'u', 'p')",
		"SELECT * FROM python('x')",
		"BACKUP TABLE " + table + " TO File('/tmp/x')",
		"RESTORE TABLE " + table + " FROM File('/tmp/x')",
		"ATTACH TABLE default.mine FROM '/etc' (line String) ENGINE = File(LineAsString)",
		"ATTACH DATABASE mine ENGINE = Filesystem('/etc')",
		"CREATE DATABASE mine ENGINE = Filesystem('/etc')",
		"CREATE FUNCTION mine AS (x) -> x",
		"KILL QUERY WHERE 1",
		"SYSTEM SHUTDOWN",
		"SYSTEM KILL",
		"SYSTEM RELOAD USERS",
		"SYSTEM FLUSH LOGS",
	}
}

func TestThePasswordlessUserIsLocked(t *testing.T) {
	s := start(t, Options{})
	ask(t, s, s.Admin, "CREATE TABLE tuition.secret_fact (id UInt64) ENGINE = MergeTree ORDER BY id AS SELECT 1")
	for _, sql := range append(intrusions("tuition.secret_fact"), "SELECT 1",
		"SYSTEM STOP LISTEN TCP", "SYSTEM STOP LISTEN HTTP", "SYSTEM STOP LISTEN QUERIES ALL",
		"SELECT file('/etc/passwd') SETTINGS max_ast_elements = 1000") {
		for _, address := range []string{s.ClickHouseHTTP, s.ClickHouseHTTP + "/?max_ast_elements=1000", s.ClickHouseHTTP + "/?profile=default"} {
			if answer, err := query(t.Context(), address, nobody, sql); err == nil {
				t.Errorf("%s is allowed and gives %d bytes", sql, len(answer))
			} else if strings.Contains(err.Error(), "root:") {
				t.Errorf("%s: the error quotes the file", sql)
			}
		}
	}
	native, err := clickhouse.Open(&clickhouse.Options{Addr: []string{s.ClickHouseAddr}, Auth: clickhouse.Auth{Username: "default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer native.Close()
	if err := native.Exec(t.Context(), "SYSTEM STOP LISTEN TCP"); err == nil {
		t.Error("the native port lets default close it")
	}
	for _, user := range []User{{Name: "admin"}, {Name: "admin", Password: "admin"}, {Name: "read"}, {Name: "ingest"}} {
		if _, err := query(t.Context(), s.ClickHouseHTTP, user, "SELECT 1"); err == nil {
			t.Errorf("%s can log in without its password", user.Name)
		}
	}
	if got := ask(t, s, s.Read, "SELECT id FROM tuition.secret_fact"); got != "1" {
		t.Errorf("the table holds %q after the intrusions", got)
	}
}

// Even without the limits that lock it, default has no rights, and the kernel keeps files from it.
func TestThePasswordlessUserHasNoRights(t *testing.T) {
	kind, library, err := findEngine("")
	needEngine(t, err)
	f, err := openFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	var run running
	for _, port := range []*int{&run.TCPPort, &run.HTTPPort} {
		if *port, err = probe(0); err != nil {
			t.Fatal(err)
		}
	}
	own, err := f.loadSecrets()
	if err != nil {
		t.Fatal(err)
	}
	config, err := f.writeConfig(run, own, nil)
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(filepath.Dir(config), "users.xml")
	text, err := os.ReadFile(users)
	if err != nil {
		t.Fatal(err)
	}
	unlimited := bytes.Replace(text, []byte("<quota>start</quota>"), []byte("<quota>default</quota>"), 1)
	unlimited = bytes.Replace(unlimited, []byte("<profile>nothing</profile>"), []byte("<profile>default</profile>"), 1)
	if err := os.WriteFile(users, unlimited, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := f.startEngine(kind, library, config, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	address := "http://" + loopback(run.HTTPPort)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := e.ready(ctx, address, own.Admin); err != nil {
		t.Fatal(err)
	}
	s := newServices(f.dir, run, own)
	ask(t, s, own.Admin, "CREATE DATABASE tuition")
	ask(t, s, own.Admin, "CREATE TABLE tuition.secret_fact (id UInt64) ENGINE = MergeTree ORDER BY id AS SELECT 1")
	if got := ask(t, s, nobody, "SELECT 1"); got != "1" {
		t.Fatalf("default is locked, so this test would prove nothing: %q", got)
	}
	for _, sql := range intrusions("tuition.secret_fact") {
		if strings.HasPrefix(sql, "SELECT file(") && confinable() != nil {
			continue // a scalar function asks for no grant: only the lock and the kernel stand before it
		}
		if answer, err := query(t.Context(), address, nobody, sql); err == nil && answer != "" {
			t.Errorf("%s was allowed and gave %d bytes", sql, len(answer))
		} else if err != nil && strings.Contains(err.Error(), "root:") {
			t.Errorf("%s: the error quotes the file", sql)
		}
	}
	if got := ask(t, s, nobody, "SELECT name FROM system.tables WHERE database = 'tuition'"); got != "" {
		t.Errorf("default sees tables: %s", got)
	}
	if got := ask(t, s, own.Read, "SELECT count() FROM tuition.secret_fact"); got != "1" {
		t.Errorf("the table holds %s rows after the intrusions", got)
	}
}

func TestUsersMayDoTheirOwnWorkOnly(t *testing.T) {
	s := start(t, Options{})
	ask(t, s, s.Admin, "CREATE TABLE tuition.fact (id UInt64) ENGINE = MergeTree ORDER BY id")
	ask(t, s, s.Ingest, "INSERT INTO tuition.fact VALUES (1)")
	ask(t, s, s.Read, "SELECT id FROM tuition.fact SETTINGS max_execution_time = 120")
	ask(t, s, s.Read, "SELECT name FROM system.columns WHERE table = 'fact'")
	for _, forbidden := range []struct {
		user User
		sql  string
	}{
		{s.Read, "SELECT 1 SETTINGS max_execution_time = 100000"},
		{s.Read, "SELECT 1 SETTINGS max_execution_time = 0"},
		{s.Read, "SELECT 1 SETTINGS max_memory_usage = 100000000000"},
		{s.Read, "SELECT 1 SETTINGS readonly = 0"},
		{s.Read, "INSERT INTO tuition.fact VALUES (2)"},
		{s.Read, "SELECT * FROM file('/etc/passwd', LineAsString)"},
		{s.Read, "SELECT * FROM url('http://127.0.0.1:9/', LineAsString)"},
		{s.Read, "SELECT * FROM remote('127.0.0.1:9', system.one)"},
		{s.Ingest, "CREATE TABLE tuition.other (id UInt64) ENGINE = Memory"},
		{s.Ingest, "ALTER TABLE tuition.fact DELETE WHERE 1"},
		{s.Ingest, "TRUNCATE TABLE tuition.fact"},
		{s.Ingest, "SELECT * FROM file('/etc/passwd', LineAsString)"},
		{s.Admin, "SELECT * FROM file('/etc/passwd', LineAsString)"},
		{s.Admin, "CREATE DATABASE elsewhere"},
		{s.Admin, "CREATE USER me IDENTIFIED BY 'x'"},
		{s.Admin, "SYSTEM STOP LISTEN TCP"},
	} {
		if _, err := query(t.Context(), s.ClickHouseHTTP, forbidden.user, forbidden.sql); err == nil {
			t.Errorf("%s may %s", forbidden.user.Name, forbidden.sql)
		}
	}
}

// ClickHouse as a library asks for no grant before it reads a file by the scalar function file.
func TestNoUserReadsFilesOutsideTheEngine(t *testing.T) {
	if why := confinable(); why != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("in CI nothing is skipped: %v", why)
		}
		t.Skip(why)
	}
	s := start(t, Options{})
	inside := filepath.Join(s.Dir, "clickhouse", "user_files", "inside.txt")
	if err := os.WriteFile(inside, []byte("inside"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, s.Read, "SELECT file('"+inside+"')"); got != "inside" {
		t.Errorf("a file of the engine reads %q: this test would prove nothing", got)
	}
	outside := filepath.Join(t.TempDir(), "outside.txt")
	if err := os.WriteFile(outside, []byte("outside"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		outside, "/etc/passwd", "/proc/self/root/etc/passwd", filepath.Join(s.Dir, "secrets.json"),
		filepath.Join(s.Dir, "clickhouse", "..", "secrets.json"), fmt.Sprintf("/proc/%d/environ", os.Getpid()),
	} {
		for _, user := range []User{s.Read, s.Ingest, s.Admin} {
			if answer, err := query(t.Context(), s.ClickHouseHTTP, user, "SELECT file('"+path+"')"); err == nil {
				t.Errorf("%s reads %s: %d bytes", user.Name, path, len(answer))
			}
		}
	}
}

func TestPasswordsStandNowhereButInTheirFile(t *testing.T) {
	s := start(t, Options{})
	_, _ = query(t.Context(), s.ClickHouseHTTP, User{Name: "read", Password: "wrong"}, "SELECT 1") // an entry in the log
	passwords := []string{s.Admin.Password, s.Ingest.Password, s.Read.Password}
	for _, password := range passwords {
		if len(password) < 20 {
			t.Fatalf("a password of %d characters", len(password))
		}
	}
	contains := func(text []byte) bool {
		for _, password := range passwords {
			if bytes.Contains(text, []byte(password)) {
				return true
			}
		}
		return false
	}
	found := false
	err := filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // files of the engine come and go
		}
		text, err := os.ReadFile(path)
		if err != nil || !contains(text) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if filepath.Base(path) != "secrets.json" || info.Mode().Perm() != 0o600 {
			t.Errorf("%s (%v) holds a password", path, info.Mode())
		}
		found = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Error("no file holds the passwords: this test would find nothing")
	}
	for name, mode := range map[string]fs.FileMode{".": 0o700, "running.json": 0o600, "clickhouse/users.xml": 0o600, "clickhouse/config.xml": 0o600} {
		if info, err := os.Stat(filepath.Join(s.Dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}

	engine := "/proc/" + strconv.Itoa(s.current().Pid)
	if text, err := os.ReadFile(engine + "/cmdline"); err == nil && !bytes.Contains(text, []byte(s.Dir)) {
		t.Errorf("the engine's command line is not what this test looks for: %q", text)
	}
	lists, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range append(lists, environments...) {
		if text, err := os.ReadFile(path); err == nil && contains(text) {
			t.Errorf("%s holds a password", path)
		}
	}
}

func TestTheEngineIsSmallAndQuiet(t *testing.T) {
	s := start(t, Options{})
	if got := ask(t, s, s.Admin, "SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log' AND total_bytes IS NOT NULL"); got != "" {
		t.Errorf("system logs that grow: %s", got)
	}
	if got := ask(t, s, s.Admin, "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage_to_ram_ratio'"); got != "0.5" {
		t.Errorf("memory ratio %s", got)
	}
	for range 20 {
		ask(t, s, s.Read, "SELECT count() FROM numbers(1000)")
	}
	if info, err := os.Stat(filepath.Join(s.Dir, "clickhouse", "engine.log")); err == nil && info.Size() > 20_000 {
		t.Errorf("the log has %d bytes after nothing went wrong", info.Size())
	}
	if got := ask(t, s, s.Admin, "SELECT timezone()"); got != "UTC" {
		t.Errorf("the engine's time zone is %s", got)
	}
}
