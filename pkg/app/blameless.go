package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/blameless"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/source"
)

// loadWording gives the rules of wording that makes a person the cause: tuition's
// own and those of the settings.
func loadWording(file string) (*blameless.Checker, error) {
	if file == "" {
		return blameless.Default()
	}
	text, err := readSmallFile(file)
	if err != nil {
		return nil, fmt.Errorf("setting blameless_rules_file: %w", err)
	}
	c, err := blameless.New(text, file)
	if err != nil {
		return nil, fmt.Errorf("setting blameless_rules_file: %w", err)
	}
	return c, nil
}

// wording judges the post-mortems that pass through a sink.
type wording struct {
	checker *blameless.Checker
	log     *zap.Logger
	checked *prometheus.CounterVec // by result
}

// contradicted counts post-mortems that are stated to have passed and do not.
const contradicted = "contradicted"

// judge checks a published post-mortem whose text is there and puts the result into
// its attributes: blamelessCheck if the author stated none (absent, null or
// not-checked), and what was found under names of its own whoever stated what. The
// canonical event stays as it was sent, so that other rules do not make another event
// of it; of the text nothing is kept.
func (w *wording) judge(e *event.Event) {
	if e.Kind != event.KindPostmortem || e.Predicate != event.PredicatePublished || e.Attributes == "" {
		return
	}
	var stated struct {
		Title               string
		ContributingFactors []string
		Surprises           []string
		Labels              map[string]string
		BlamelessCheck      string
	}
	if json.Unmarshal([]byte(e.Attributes), &stated) != nil {
		return // a newer version of the type, whose texts have another form
	}
	texts := slices.Concat([]string{stated.Title}, stated.ContributingFactors, stated.Surprises)
	for _, text := range stated.Labels {
		texts = append(texts, text)
	}
	result := w.checker.Check(texts...)
	if result.Check == blameless.NotChecked {
		return
	}
	add := map[string]any{"blamelessFound": result.Check}
	if stated.BlamelessCheck == "" || stated.BlamelessCheck == blameless.NotChecked {
		add["blamelessCheck"] = result.Check
	}
	if len(result.Kinds) > 0 {
		kinds := map[string]any{}
		for kind, n := range result.Kinds {
			kinds[kind] = float64(n)
		}
		add["blamelessFindings"] = kinds
	}
	count := result.Check
	if stated.BlamelessCheck == blameless.Passed && result.Check == blameless.Failed {
		count = contradicted
		w.log.Warn("a post-mortem is stated to have passed the check for blame, and its wording makes a person the cause; the statement is kept. Run `tuition check` on its text",
			zap.Strings("kinds", kindsOf(result.Kinds)))
	}
	w.checked.WithLabelValues(count).Inc()
	e.AddAttributes(add)
}

func kindsOf(counts map[string]int) []string {
	var all []string
	for kind, n := range counts {
		all = append(all, kind+"="+strconv.Itoa(n))
	}
	slices.Sort(all)
	return all
}

// WordingFinding is one place of a report whose wording makes a person the cause.
type WordingFinding struct {
	File string
	blameless.Finding
}

// String writes "file:line:column: kind: wording: why; instead". The person is masked.
func (f WordingFinding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %q: %s; %s", f.File, f.Line, f.Column, f.Kind, f.Wording, strings.TrimSuffix(f.Why, "."), strings.TrimSuffix(f.Instead, "."))
}

// CheckWording reads post-mortems in Markdown and finds wording that makes a person
// the cause. It sends and stores nothing. The error says how many do not pass.
func (s *Session) CheckWording(files []string) ([]WordingFinding, error) {
	var all []WordingFinding
	var faults []error
	failing := 0
	for _, file := range files {
		found, err := s.checkReport(file)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = append(all, found...)
		if slices.ContainsFunc(found, func(f WordingFinding) bool { return f.Level == blameless.Fails }) {
			failing++
		}
	}
	if len(faults) > 0 {
		return all, usage(errors.Join(faults...))
	}
	if failing > 0 {
		return all, fmt.Errorf("%d of %d post-mortems make a person the cause; rewrite the places above", failing, len(files))
	}
	return all, nil
}

func (s *Session) checkReport(file string) ([]WordingFinding, error) {
	in, err := source.Open(file, nil)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := source.Document(in, file)
	if err != nil {
		return nil, err
	}
	var all []WordingFinding
	for _, f := range s.wording.Markdown(string(text)) {
		all = append(all, WordingFinding{file, f})
	}
	return all, nil
}

// isReport says whether a file that is imported is a report in prose.
func isReport(file string) bool {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".md", ".markdown":
		return true
	}
	return false
}
