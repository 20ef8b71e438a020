package embedded

import (
	"testing"

	"go.uber.org/zap/zaptest"
)

func start(t *testing.T, opts Options) *Services {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	opts.Log = zaptest.NewLogger(t)
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStart(t *testing.T) {
	s := start(t, Options{})
	for _, q := range []string{"SELECT version()", "SHOW GRANTS FOR default", "SHOW GRANTS FOR read", "SHOW GRANTS FOR admin", "SELECT name,value from system.server_settings where changed"} {
		t.Log(query(t.Context(), s.ClickHouseHTTP, s.Admin, q))
	}
	t.Log(query(t.Context(), s.ClickHouseHTTP, User{"default", ""}, "SELECT 1"))
	t.Log(s.Stop(t.Context()))
}
