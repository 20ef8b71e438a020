package servertest

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/tuition-hq/tuition/pkg/embedded"
)

// KafkaVersion is the version of the real Kafka; pom.xml names the same.
const KafkaVersion = "4.4.0"

//go:embed pom.xml
var kafkaPOM []byte

// errAbsent marks what a laptop may lack: Java, Maven, npm.
var errAbsent = errors.New("not installed")

// cacheDir is the folder beside the engine's for what tests fetch.
func cacheDir(name string) (string, error) {
	engine, err := embedded.EngineDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(engine), name), nil
}

// FetchEngine installs the ClickHouse engine package by npm unless it is there, saying so on out.
func FetchEngine(out io.Writer) error {
	dir, err := embedded.EngineDir()
	if err != nil {
		return err
	}
	command, err := embedded.InstallCommand()
	if err != nil {
		return err
	}
	return once(dir, embedded.EngineVersion, out, "ClickHouse engine "+embedded.EngineVersion+" (about 570 MB on disk)", func() error {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		return run(out, command...)
	})
}

// FetchKafka gets Kafka and what it needs by Maven unless it is there, saying so on out, and gives the folder of jars.
func FetchKafka(out io.Writer) (libs string, err error) {
	dir, err := cacheDir("kafka-" + KafkaVersion)
	if err != nil {
		return "", err
	}
	libs = filepath.Join(dir, "libs")
	return libs, once(dir, KafkaVersion, out, "Kafka "+KafkaVersion+" (43 MB)", func() error {
		pom := filepath.Join(dir, "pom.xml")
		if err := os.WriteFile(pom, kafkaPOM, 0o644); err != nil {
			return err
		}
		return run(out, "mvn", "--batch-mode", "--quiet", "--file", pom, "dependency:copy-dependencies",
			"-DincludeScope=runtime", "-DoutputDirectory="+libs)
	})
}

// once runs fetch unless the mark of an earlier success for this version is in dir. Others that want the same wait.
func once(dir, version string, out io.Writer, what string, fetch func() error) error {
	mark := filepath.Join(dir, "fetched")
	if done, err := os.ReadFile(mark); err == nil && string(done) == version {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	defer lock.Close()
	if done, err := os.ReadFile(mark); err == nil && string(done) == version {
		return nil
	}
	fmt.Fprintf(out, "fetching %s into %s\n", what, dir)
	if err := fetch(); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(version), 0o644)
}

// run runs a program of the system and shows what it says.
func run(out io.Writer, command ...string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("%s is %w: install it and run this again", command[0], errAbsent)
	}
	fmt.Fprintln(out, "+", strings.Join(command, " "))
	var said bytes.Buffer
	cmd := exec.Command(path, command[1:]...)
	cmd.Stdout = io.MultiWriter(out, &said)
	cmd.Stderr = cmd.Stdout
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

// PromtoolVersion is the release of Prometheus whose promtool checks the alerting rules.
const PromtoolVersion = "v0.316.0"

// FetchPromtool builds promtool by go install unless it is there, saying so on out, and gives its path.
func FetchPromtool(out io.Writer) (path string, err error) {
	dir, err := cacheDir("promtool-" + PromtoolVersion)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "promtool"), once(dir, PromtoolVersion, out, "promtool "+PromtoolVersion+" (builds for a few minutes)", func() error {
		return run(out, "env", "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0", "go", "install", "github.com/prometheus/prometheus/cmd/promtool@"+PromtoolVersion)
	})
}
