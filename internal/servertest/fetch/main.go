// Command fetch gets the programs that the demo and the tests run, through the ordinary package clients:
//
//	go run ./internal/servertest/fetch engine   # ClickHouse as a library, by npm
//	go run ./internal/servertest/fetch kafka    # Kafka, by Maven
//	go run ./internal/servertest/fetch promtool # Prometheus's checker, by go install
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tuition-hq/tuition/internal/servertest"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

func run(what []string, out io.Writer) error {
	if len(what) == 0 {
		return errors.New("say what to fetch: engine, kafka, promtool")
	}
	for _, name := range what {
		var err error
		switch name {
		case "engine":
			err = servertest.FetchEngine(out)
		case "kafka":
			_, err = servertest.FetchKafka(out)
		case "promtool":
			_, err = servertest.FetchPromtool(out)
		default:
			err = fmt.Errorf("%q is none of engine, kafka, promtool", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
