package consume

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// kafka-go does not know the DeleteRecords request; its protocol package takes it.
func init() { protocol.Register(&deleteRecordsRequest{}, &deleteRecordsResponse{}) }

type deleteRecordsRequest struct {
	Topics    []deleteRecordsTopic `kafka:"min=v0,max=v1"`
	TimeoutMs int32                `kafka:"min=v0,max=v1"`
}

type deleteRecordsTopic struct {
	Name       string                   `kafka:"min=v0,max=v1"`
	Partitions []deleteRecordsPartition `kafka:"min=v0,max=v1"`
}

type deleteRecordsPartition struct {
	Partition int32 `kafka:"min=v0,max=v1"`
	Offset    int64 `kafka:"min=v0,max=v1"`
}

type deleteRecordsResponse struct {
	ThrottleTimeMs int32                        `kafka:"min=v0,max=v1"`
	Topics         []deleteRecordsResponseTopic `kafka:"min=v0,max=v1"`
}

type deleteRecordsResponseTopic struct {
	Name       string                           `kafka:"min=v0,max=v1"`
	Partitions []deleteRecordsResponsePartition `kafka:"min=v0,max=v1"`
}

type deleteRecordsResponsePartition struct {
	Partition    int32 `kafka:"min=v0,max=v1"`
	LowWatermark int64 `kafka:"min=v0,max=v1"`
	ErrorCode    int16 `kafka:"min=v0,max=v1"`
}

func (*deleteRecordsRequest) ApiKey() protocol.ApiKey  { return protocol.DeleteRecords }
func (*deleteRecordsResponse) ApiKey() protocol.ApiKey { return protocol.DeleteRecords }

// Broker sends the request to the leader of its (one) partition.
func (r *deleteRecordsRequest) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	name, p := r.Topics[0].Name, r.Topics[0].Partitions[0].Partition
	leader, ok := cluster.Topics[name].Partitions[p]
	if !ok {
		return protocol.Broker{}, fmt.Errorf("kafka: %s/%d has no leader", name, p)
	}
	return cluster.Brokers[leader.Leader], nil
}

// deleteRecords removes the records before the given offsets.
func deleteRecords(ctx context.Context, cl *kafka.Client, before map[TopicPartition]int64) error {
	for tp, offset := range before {
		req := &deleteRecordsRequest{TimeoutMs: 10_000, Topics: []deleteRecordsTopic{{
			Name:       tp.Topic,
			Partitions: []deleteRecordsPartition{{Partition: tp.Partition, Offset: offset}},
		}}}
		res, err := cl.Transport.RoundTrip(ctx, cl.Addr, req)
		if err != nil {
			return fmt.Errorf("kafka: cannot delete records of %s: %w", tp, err)
		}
		answer, ok := res.(*deleteRecordsResponse)
		if !ok || len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
			return errors.New("kafka: the answer to DeleteRecords has an unexpected shape")
		}
		if code := answer.Topics[0].Partitions[0].ErrorCode; code != 0 {
			return fmt.Errorf("kafka: cannot delete records of %s: %w", tp, kafka.Error(code))
		}
	}
	return nil
}
