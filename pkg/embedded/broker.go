package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Topics of the embedded broker.
const (
	EventsTopic     = "tuition.events"
	DeadLetterTopic = "tuition.deadletter"

	eventsPartitions = 4
)

// startBroker starts the broker on the folder. Every acknowledged record is synced to disk.
func (f *folder) startBroker(port int, own secrets) (*kfake.Cluster, error) {
	broker, err := kfake.NewCluster(
		kfake.Ports(port),
		kfake.ClusterID(own.ClusterID),
		kfake.DataDir(filepath.Join(f.dir, "kafka")),
		kfake.SyncWrites(),
		// Events are kept until somebody removes the folder: a rebuild may want them again.
		kfake.BrokerConfigs(map[string]string{
			"log.retention.ms":          "-1",
			"offsets.retention.minutes": strconv.Itoa(365 * 24 * 60),
			"message.max.bytes":         strconv.Itoa(2 << 20),
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("start the embedded broker: %w", err)
	}
	return broker, nil
}

// createTopics makes tuition's topics where they are missing.
func createTopics(ctx context.Context, broker string) error {
	// Connections to a broker that had the port before must not be used again.
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(broker), Transport: transport}
	answer, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: EventsTopic, NumPartitions: eventsPartitions, ReplicationFactor: 1},
		{Topic: DeadLetterTopic, NumPartitions: 1, ReplicationFactor: 1},
	}})
	if err != nil {
		return fmt.Errorf("create topics on the embedded broker: %w", err)
	}
	for topic, err := range answer.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s on the embedded broker: %w", topic, err)
		}
	}
	return nil
}

// brokerIdentity asks the broker who it is.
func brokerIdentity(ctx context.Context, broker string) (string, error) {
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(broker), Transport: transport}
	answer, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return "", err
	}
	return answer.ClusterID, nil
}
