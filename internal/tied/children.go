package tied

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Child is a running process that this one started.
type Child struct {
	PID  string
	Name string
	CPU  float64 // seconds used so far, in the system too
}

// Children are the processes that this one started and that run; none where /proc is not.
func Children() (all []Child) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// After the name in parentheses: state, parent, …, user and system time are the 12th and 13th.
		name := text[bytes.IndexByte(text, '(')+1 : bytes.LastIndexByte(text, ')')]
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) < 13 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		const ticks = 100 // a second, on every Linux that Go runs on
		all = append(all, Child{filepath.Base(filepath.Dir(path)), string(name), (user + system) / ticks})
	}
	return all
}
