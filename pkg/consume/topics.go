package consume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// Topic is one that must exist.
type Topic struct {
	Name       string
	Partitions int // at least 1; an existing topic may have more or fewer
	// Retention of a new topic; 0 leaves the broker's default, negative keeps for ever.
	Retention time.Duration
	// MaxMessageBytes of a new topic; 0 leaves the broker's default.
	MaxMessageBytes int
}

// EnsureTopics makes the topics that are missing, with the broker's default
// replication, and waits until each has a leader. Topics that exist are left as
// they are.
func EnsureTopics(ctx context.Context, conn Connection, topics ...Topic) error {
	cl, closeIdle, err := conn.client()
	if err != nil {
		return err
	}
	defer closeIdle()
	req := &kafka.CreateTopicsRequest{}
	for _, t := range topics {
		tc := kafka.TopicConfig{Topic: t.Name, NumPartitions: t.Partitions, ReplicationFactor: -1}
		if t.Retention != 0 {
			ms := t.Retention.Milliseconds()
			if t.Retention < 0 {
				ms = -1 // for ever
			}
			tc.ConfigEntries = append(tc.ConfigEntries, kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: fmt.Sprint(ms)})
		}
		if t.MaxMessageBytes != 0 {
			tc.ConfigEntries = append(tc.ConfigEntries, kafka.ConfigEntry{ConfigName: "max.message.bytes", ConfigValue: fmt.Sprint(t.MaxMessageBytes)})
		}
		req.Topics = append(req.Topics, tc)
	}
	res, err := cl.CreateTopics(ctx, req)
	if err != nil {
		return fmt.Errorf("kafka: cannot create topics on %v: %w", conn.Brokers, err)
	}
	for topic, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("kafka: cannot create topic %q: %w", topic, err)
		}
	}
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	return waitTopics(ctx, cl, names)
}

// waitTopics returns when every topic has a leader for each of its partitions.
func waitTopics(ctx context.Context, cl *kafka.Client, names []string) error {
	for {
		_, err := partitions(ctx, cl, names)
		if err == nil || refused(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// partitions lists the partitions of the topics; an error says which topic is
// missing or has a partition without a leader.
func partitions(ctx context.Context, cl *kafka.Client, topics []string) ([]TopicPartition, error) {
	md, err := cl.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return nil, fmt.Errorf("kafka: cannot read the topics' metadata: %w", err)
	}
	var all []TopicPartition
	for _, t := range md.Topics {
		if t.Error != nil {
			return nil, fmt.Errorf("kafka: topic %q: %w", t.Name, t.Error)
		}
		for _, p := range t.Partitions {
			if p.Error != nil {
				return nil, fmt.Errorf("kafka: %s/%d: %w", t.Name, p.ID, p.Error)
			}
			all = append(all, TopicPartition{t.Name, int32(p.ID)})
		}
	}
	if len(md.Topics) < len(topics) {
		return nil, fmt.Errorf("kafka: %d of %d topics are missing", len(topics)-len(md.Topics), len(topics))
	}
	return all, nil
}

// waitingEvery is how often it is told that something is still waited for.
const waitingEvery = 10 * time.Second

// WaitCommitted returns when the group has committed every offset in last (the
// offsets of the last records sent), so that their events are in the store. While it
// waits, it tells now and then why; waiting may be nil.
func WaitCommitted(ctx context.Context, conn Connection, group string, last map[TopicPartition]int64, waiting func(why error)) error {
	cl, closeIdle, err := conn.client()
	if err != nil {
		return err
	}
	defer closeIdle()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	told := time.Now()
	for {
		left, err := uncommitted(ctx, cl, group, last)
		if err == nil && left == 0 || refused(err) {
			return err
		}
		if err == nil {
			err = fmt.Errorf("kafka: group %q has not yet committed what was sent to %d of %d partitions; is a consumer running?", group, left, len(last))
		}
		if waiting != nil && time.Since(told) >= waitingEvery {
			told = time.Now()
			waiting(err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// uncommitted counts the partitions whose committed offset is not beyond last.
func uncommitted(ctx context.Context, cl *kafka.Client, group string, last map[TopicPartition]int64) (int, error) {
	committed, err := committedOffsets(ctx, cl, group, last)
	if err != nil {
		return len(last), err
	}
	left := 0
	for tp, offset := range last {
		if committed[tp] <= offset {
			left++
		}
	}
	return left, nil
}

// committedOffsets reads the group's committed offsets of the named partitions; -1 where there is none.
func committedOffsets(ctx context.Context, cl *kafka.Client, group string, of map[TopicPartition]int64) (map[TopicPartition]int64, error) {
	req := &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{}}
	for tp := range of {
		req.Topics[tp.Topic] = append(req.Topics[tp.Topic], int(tp.Partition))
	}
	res, err := cl.OffsetFetch(ctx, req)
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return nil, fmt.Errorf("kafka: cannot read the committed offsets of group %q: %w", group, err)
	}
	out := make(map[TopicPartition]int64, len(of))
	for topic, ps := range res.Topics {
		for _, p := range ps {
			if p.Error != nil {
				return nil, fmt.Errorf("kafka: committed offset of %s/%d: %w", topic, p.Partition, p.Error)
			}
			out[TopicPartition{topic, int32(p.Partition)}] = p.CommittedOffset
		}
	}
	return out, nil
}
