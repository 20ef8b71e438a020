package servertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// write sends n records to partition 0 and waits for their acknowledgement.
func write(t *testing.T, brokers []string, topic string, n int) {
	t.Helper()
	writer := &kafka.Writer{Addr: kafka.TCP(brokers...), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, Transport: &kafka.Transport{}}
	defer writer.Close()
	messages := make([]kafka.Message, n)
	for i := range messages {
		messages[i].Value = fmt.Appendf(nil, "%d", i)
	}
	if err := writer.WriteMessages(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
}

// bounds gives the first and the next offset of partition 0.
func bounds(t *testing.T, brokers []string, topic string) (first, next int64) {
	t.Helper()
	connection, err := kafka.DialLeader(t.Context(), "tcp", brokers[0], topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	first, next, err = connection.ReadOffsets()
	if err != nil {
		t.Fatal(err)
	}
	return first, next
}

func TestKafkaSurvivesWhatTestsDoToIt(t *testing.T) {
	broker := Kafka(t)
	if err := broker.CreateTopic("t", 1, map[string]string{"retention.ms": "-1"}); err != nil {
		t.Fatal(err)
	}
	write(t, broker.Brokers, "t", 100)
	if err := broker.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := broker.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := broker.Restart(); err != nil {
		t.Fatal(err)
	}
	write(t, broker.Brokers, "t", 10)
	if err := broker.DeleteRecords("t", 0, 40); err != nil {
		t.Fatal(err)
	}
	if first, next := bounds(t, broker.Brokers, "t"); first != 40 || next != 110 {
		t.Errorf("the log is [%d, %d), not [40, 110)", first, next)
	}
	if err := broker.Stop(); err != nil {
		t.Error(err)
	}
}

func TestFakeKafkaMakesNoTopicByItself(t *testing.T) {
	brokers := FakeKafka(t, "there")
	write(t, brokers, "there", 3)
	client := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: &kafka.Transport{}}
	answer, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{"elsewhere"}})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Topics[0].Error == nil {
		t.Error("asking for a topic made it")
	}
}
