package embedded

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/tied"
)

//go:embed config.xml.tmpl
var configText string

//go:embed users.xml.tmpl
var usersText string

var (
	configTemplate = template.Must(template.New("config.xml").Option("missingkey=error").Parse(configText))
	usersTemplate  = template.Must(template.New("users.xml").Option("missingkey=error").Funcs(template.FuncMap{
		"sha256": func(s string) string {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:])
		},
	}).Parse(usersText))
)

// startFile is in the engine's working folder: it opens the ports.
const (
	startFile       = "start.sql"
	startStatements = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP;\n"
)

// engine is a running ClickHouse.
type engine struct {
	*tied.Process
	parent   io.Closer // closing it tells the child to end
	terminal *terminal // nil for a clickhouse binary, and where the system gives none
	output   string    // where the child's own messages go
}

// writeConfig writes the engine's configuration anew; nothing in it is a secret but hashes and the cluster's word.
func (f *folder) writeConfig(run running, own secrets, cluster *Cluster) (config string, err error) {
	data := filepath.Join(f.dir, "clickhouse")
	users := filepath.Join(data, "users.xml")
	config = filepath.Join(data, "config.xml")
	if err := os.MkdirAll(filepath.Join(data, "user_files"), 0o700); err != nil {
		return "", err
	}
	escape := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	for path, page := range map[string]struct {
		template *template.Template
		values   any
	}{
		config: {configTemplate, struct {
			Data, Users, Log  string
			TCPPort, HTTPPort int
			Cluster           *Cluster
		}{escape(data), escape(users), escape(filepath.Join(data, "engine.log")), run.TCPPort, run.HTTPPort, cluster}},
		users: {usersTemplate, own},
	} {
		var text bytes.Buffer
		if err := page.template.Execute(&text, page.values); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			return "", err
		}
	}
	return config, os.WriteFile(filepath.Join(data, startFile), []byte(startStatements), 0o600)
}

// startEngine starts the child process. It is not ready yet: see [engine.ready].
func (f *folder) startEngine(kind engineKind, library, config string, log *zap.Logger) (_ *engine, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program to start the engine: %w", err)
	}
	data := filepath.Dir(config)
	args := []string{childName, string(kind), library, "clickhouse"}
	var screen *terminal
	switch kind {
	case kindServer:
		args = append(args, "server", "--config-file="+config)
	case kindLibrary: // its command line is that of clickhouse local
		args = append(args, "--config-file="+config, "--path="+data, "--log-level=warning")
		if screen, err = openTerminal(); err != nil {
			log.Warn("no terminal for the engine: a wrong password or a broken connection will end it, and it will be started again", zap.Error(err))
			break
		}
		defer screen.engine.Close()
		args = append(args, "--interactive", "--disable_suggestion", "--progress=off", "--progress-table=off")
	}
	defer func() {
		if err != nil {
			screen.close()
		}
	}()
	output := filepath.Join(data, "engine.out")
	out, err := os.OpenFile(output, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	childEnd, ourEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childEnd.Close()

	cmd := &exec.Cmd{
		Path: self, Args: args, Dir: data,
		Env:        childEnvironment(),
		Stdout:     out,
		Stderr:     out,
		ExtraFiles: []*os.File{childEnd, f.lock}, // childPipe, childLock
	}
	if screen != nil {
		cmd.Stdin = screen.engine
	}
	child, err := tied.Start(cmd)
	if err != nil {
		ourEnd.Close()
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	return &engine{Process: child, parent: ourEnd, terminal: screen, output: output}, nil
}

// childEnvironment hands the engine only what it needs: settings of tuition may hold passwords.
func childEnvironment() []string {
	env := []string{"TZ=UTC"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// startFault is what an engine with a terminal says of a statement of [startFile] that failed; it goes on without it.
const startFault = "Received exception"

var errEngineEnded = errors.New("the ClickHouse engine ended")

// ready waits until the engine answers the user.
func (e *engine) ready(ctx context.Context, address string, user User) error {
	for {
		_, err := query(ctx, address, user, "SELECT 1")
		if words := e.lastWords(); strings.Contains(words, startFault) {
			_ = e.Kill()
			return fmt.Errorf("%w because it could not start: %s", errEngineEnded, words)
		}
		if err == nil {
			return nil
		}
		select {
		case <-e.Done:
			return fmt.Errorf("%w while starting (%v): %s", errEngineEnded, e.Err, e.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the engine did not come up (%w; last answer: %v): %s", ctx.Err(), err, e.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// lastWords is what the child said, cut to a readable length.
func (e *engine) lastWords() string {
	text, err := os.ReadFile(e.output)
	if err != nil {
		return "it left no message in " + e.output
	}
	words := strings.TrimSpace(string(text))
	if len(words) > 600 {
		words = "… " + words[len(words)-600:]
	}
	if words == "" {
		words = "no message"
	}
	return words + " (" + e.output + ")"
}

// stop ends the engine; what it acknowledged is kept.
func (e *engine) stop(ctx context.Context) error {
	defer e.terminal.close()
	e.parent.Close()
	select {
	case <-e.Done:
		return nil
	case <-ctx.Done():
		_ = e.Kill()
		return fmt.Errorf("the engine did not stop in time and was killed: %w", ctx.Err())
	}
}

// query runs one statement over the engine's HTTP address. The password travels in a header, never in the address.
func query(ctx context.Context, address string, user User, sql string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	request.Header.Set("X-ClickHouse-User", user.Name)
	request.Header.Set("X-ClickHouse-Key", user.Password)
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ClickHouse at %s: %s: %s", address, response.Status, strings.TrimSpace(string(body)))
	}
	return string(body), nil
}
