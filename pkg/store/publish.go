package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/pkg/catalog"
)

// SetCatalog publishes the services that the views join with. What was published
// last counts; publishing what already counts does nothing.
func (s *Store) SetCatalog(ctx context.Context, c catalog.Catalog) error {
	return s.publish(ctx, "catalog", c, "catalog_service", func(run string, rows driver.Batch) error {
		for _, service := range c.Services {
			if err := rows.Append(run, service.Name, service.Team, service.Tier,
				list(service.DependsOn), list(service.Aliases), service.AliveFrom); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetRules publishes the failure-mode rules; of those that hold the first counts.
// Every pattern is tried first: one that the server cannot compile would make every
// view of incidents fail.
func (s *Store) SetRules(ctx context.Context, rules []catalog.Rule) error {
	for i, rule := range rules {
		for label, pattern := range rule.Labels {
			if err := s.conn.Exec(ctx, query("try_pattern"), clickhouse.Named("pattern", pattern)); err != nil {
				return fmt.Errorf("rule %d (%s): the server cannot use the pattern of label %s; write a simpler one: %w", i+1, rule.FailureMode, label, err)
			}
		}
	}
	return s.publish(ctx, "rules", rules, "failure_mode_rule", func(run string, rows driver.Batch) error {
		for i, rule := range rules {
			labels := rule.Labels
			if labels == nil {
				labels = map[string]string{}
			}
			if err := rows.Append(run, uint32(i), rule.FailureMode, rule.Service, list(rule.Incidents), labels, rule.Because); err != nil {
				return err
			}
		}
		return nil
	})
}

// Windows are the times by which the views join.
type Windows struct {
	Attribution time.Duration // so long before an incident a change may have caused it; at least a second
	Merge       time.Duration // failures of one mode on one service within it of the first are one; 0: none are
}

// SetWindows publishes the windows.
func (s *Store) SetWindows(ctx context.Context, w Windows) error {
	if w.Attribution < time.Second {
		return fmt.Errorf("attribution window %v: give at least a second, such as 24h", w.Attribution)
	}
	if w.Merge < 0 {
		return fmt.Errorf("merging window %v: give no negative time, such as 72h", w.Merge)
	}
	return s.publish(ctx, "settings", w, "setting_row", func(run string, rows driver.Batch) error {
		if err := rows.Append(run, "attribution_window_ms", w.Attribution.Milliseconds()); err != nil {
			return err
		}
		return rows.Append(run, "merge_window_ms", w.Merge.Milliseconds())
	})
}

// SetAsOf publishes of which moment estimates are asked for from now on, as the setting
// has it: of runs of the same events those that were asked for before count no more,
// though their moment may be later.
func (s *Store) SetAsOf(ctx context.Context, setting string) error {
	return s.publish(ctx, "as_of", setting, "", nil)
}

// StartAnew publishes that whatever was read of the log before counts no more. It is
// for a log that has lost events: what folded more of them would count for ever.
func (s *Store) StartAnew(ctx context.Context) error {
	return s.publish(ctx, "rebuild", time.Now().UnixNano(), "", nil)
}

// publish inserts rows, if there are any, under a run that is the hash of their content, and then
// the publication that makes them count.
func (s *Store) publish(ctx context.Context, subject string, content any, table string, rows func(run string, batch driver.Batch) error) error {
	canonical, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	sum := sha256.Sum256(canonical)
	run := hex.EncodeToString(sum[:])
	newest, sequence, err := s.publication(ctx, subject)
	if err != nil {
		return fmt.Errorf("publish %s: read what counts now: %w", subject, err)
	}
	if newest == run {
		return nil
	}
	if rows == nil {
		rows, table = func(string, driver.Batch) error { return nil }, "publication"
	}
	if err := s.insert(ctx, table, func(batch driver.Batch) error { return rows(run, batch) }); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	sequence = max(sequence+1, time.Now().UnixMicro())
	err = s.insert(ctx, "publication", func(batch driver.Batch) error { return batch.Append(subject, run, sequence) })
	if err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	return nil
}

// publication is the run that counts for a subject; "" if nothing was published.
func (s *Store) publication(ctx context.Context, subject string) (run string, sequence int64, err error) {
	err = s.conn.QueryRow(ctx, query("publication"), clickhouse.Named("subject", subject)).Scan(&run, &sequence)
	return run, sequence, err
}

// insert sends a few rows in one insert, acknowledged. No rows are no insert.
func (s *Store) insert(ctx context.Context, table string, fill func(driver.Batch) error) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(publishSettings(s.config)))
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO "+table)
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }()
	if err := fill(batch); err != nil {
		return err
	}
	if batch.Rows() == 0 {
		return nil
	}
	return batch.Send()
}

// publishSettings make an insert visible on every shard once it is acknowledged.
func publishSettings(config Config) clickhouse.Settings {
	// A run that was dropped and is computed again is not the same insert twice.
	settings := clickhouse.Settings{"async_insert": 0, "insert_deduplicate": 0}
	if config.Cluster != "" {
		settings["distributed_foreground_insert"] = 1
	}
	return settings
}

func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
