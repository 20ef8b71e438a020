package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tuition-hq/tuition/internal/tied"
)

// Broker is a real Kafka: one node on loopback with its own data, which makes no topic by itself.
type Broker struct {
	Brokers []string

	dir, libs string
	process   *tied.Process
}

// Kafka starts a broker for this test alone (about 3 s), so that it may be killed. It stops at the end of the test.
func Kafka(t testing.TB) *Broker {
	t.Helper()
	broker, err := startKafka(t.TempDir())
	if broker != nil {
		t.Cleanup(func() { _ = broker.Kill() })
	}
	return kafkaOr(t, broker, err)
}

var sharedKafka = sync.OnceValues(func() (*Broker, error) {
	dir, err := scratch("kafka")
	if err != nil {
		return nil, err
	}
	broker, err := startKafka(dir)
	if broker != nil {
		atEnd(func() { _ = broker.Kill() })
	}
	return broker, err
})

// SharedKafka gives the broker that the tests of one package share: use topics of your own, and leave it running.
func SharedKafka(t testing.TB) *Broker {
	t.Helper()
	broker, err := sharedKafka()
	return kafkaOr(t, broker, err)
}

func kafkaOr(t testing.TB, broker *Broker, err error) *Broker {
	t.Helper()
	if errors.Is(err, errAbsent) {
		absent(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return broker
}

func startKafka(dir string) (*Broker, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return nil, fmt.Errorf("java (17 or later, for Kafka) is %w", errAbsent)
	}
	libs, err := FetchKafka(io.Discard)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	controller, err := FreePort()
	if err != nil {
		return nil, err
	}
	b := &Broker{Brokers: []string{"127.0.0.1:" + strconv.Itoa(port)}, dir: dir, libs: libs}
	properties := strings.Join([]string{
		"process.roles=broker,controller",
		"node.id=1",
		fmt.Sprintf("controller.quorum.voters=1@127.0.0.1:%d", controller),
		fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", port, controller),
		fmt.Sprintf("advertised.listeners=PLAINTEXT://127.0.0.1:%d", port),
		"controller.listener.names=CONTROLLER",
		"log.dirs=" + filepath.Join(dir, "data"),
		"auto.create.topics.enable=false",
		"offsets.topic.num.partitions=4",
		"offsets.topic.replication.factor=1",
		"transaction.state.log.num.partitions=4",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"share.coordinator.state.topic.replication.factor=1",
		"share.coordinator.state.topic.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
		// After a kill the controller takes the broker back only when its old session has ended (9 s by default).
		"broker.session.timeout.ms=3000",
		"broker.heartbeat.interval.ms=500",
		"num.network.threads=2",
		"num.io.threads=2",
	}, "\n")
	if err := os.WriteFile(filepath.Join(dir, "server.properties"), []byte(properties+"\n"), 0o600); err != nil {
		return nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	format := b.java("kafka.tools.StorageTool", "format", "--cluster-id", base64.RawURLEncoding.EncodeToString(append([]byte{1}, id[1:]...)),
		"--config", filepath.Join(dir, "server.properties"))
	if said, err := format.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("format Kafka's storage: %w: %s", err, bytes.TrimSpace(said))
	}
	return b, b.start()
}

// java is a command of Kafka's. Its messages are in the test's folder: warnings and worse.
func (b *Broker) java(class string, args ...string) *exec.Cmd {
	cmd := exec.Command("java", append([]string{
		"-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", filepath.Join(b.libs, "*"), class,
	}, args...)...)
	cmd.Dir = b.dir
	return cmd
}

func (b *Broker) start() error {
	log, err := os.OpenFile(filepath.Join(b.dir, "kafka.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := b.java("kafka.Kafka", filepath.Join(b.dir, "server.properties"))
	cmd.Stdout, cmd.Stderr = log, log
	if b.process, err = tied.Start(cmd); err != nil {
		return fmt.Errorf("start Kafka: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	for {
		attempt, stop := context.WithTimeout(ctx, 2*time.Second)
		client := &kafka.Client{Addr: kafka.TCP(b.Brokers...), Transport: &kafka.Transport{}}
		answer, err := client.Metadata(attempt, &kafka.MetadataRequest{})
		stop()
		if err == nil && len(answer.Brokers) > 0 {
			return nil
		}
		select {
		case <-b.process.Done:
			return fmt.Errorf("Kafka ended while starting (%v): %s", b.process.Err, b.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("Kafka did not come up (%v): %s", err, b.lastWords())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (b *Broker) lastWords() string {
	text, _ := os.ReadFile(filepath.Join(b.dir, "kafka.log"))
	return string(text[max(0, len(text)-2000):])
}

// Kill ends the broker at once, as a power cut of the process would (SIGKILL). What it had written stays.
func (b *Broker) Kill() error {
	_ = b.process.Kill()
	<-b.process.Done
	return nil
}

// Stop ends the broker in order (SIGTERM), and kills it after 30 s.
func (b *Broker) Stop() error {
	if err := b.process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-b.process.Done:
		return nil
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("Kafka did not stop within 30 s and was killed"), b.Kill())
	}
}

// Restart starts the broker again on the same data and port, killing it first if it runs.
func (b *Broker) Restart() error {
	if err := b.Kill(); err != nil {
		return err
	}
	return b.start()
}

// Pause freezes the broker: it answers nobody, and no connection closes (SIGSTOP).
func (b *Broker) Pause() error { return b.process.Signal(syscall.SIGSTOP) }

// Resume ends a [Broker.Pause].
func (b *Broker) Resume() error { return b.process.Signal(syscall.SIGCONT) }

// CreateTopic makes a topic; configs may be nil. It returns when the topic has leaders.
func (b *Broker) CreateTopic(name string, partitions int, configs map[string]string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client := &kafka.Client{Addr: kafka.TCP(b.Brokers...), Transport: &kafka.Transport{}}
	topic := kafka.TopicConfig{Topic: name, NumPartitions: partitions, ReplicationFactor: 1}
	for key, value := range configs {
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: key, ConfigValue: value})
	}
	answer, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topic}})
	if err == nil {
		err = answer.Errors[name]
	}
	if err != nil {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	for {
		answer, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name}})
		if err == nil && len(answer.Topics) == 1 && answer.Topics[0].Error == nil && led(answer.Topics[0].Partitions, partitions) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topic %s has no leaders: %w", name, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func led(partitions []kafka.Partition, want int) bool {
	for _, p := range partitions {
		if p.Error != nil || p.Leader.Host == "" {
			return false
		}
	}
	return len(partitions) == want
}

// DeleteRecords makes the log of a partition start at the offset, as retention does. -1 means its end.
func (b *Broker) DeleteRecords(topic string, partition int32, before int64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.TimeoutMillis = 20_000
	one := kmsg.NewDeleteRecordsRequestTopicPartition()
	one.Partition, one.Offset = partition, before
	request.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: topic, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{one}}}
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("delete records of %s/%d: %w", topic, partition, err)
	}
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode != 0 {
				return fmt.Errorf("delete records of %s/%d before %d: Kafka error code %d", topic, partition, before, p.ErrorCode)
			}
		}
	}
	return nil
}

// StartKafka is for programs that are no test: it starts a broker on the folder, which the caller kills.
func StartKafka(dir string) (*Broker, error) { return startKafka(dir) }
