package consume

import (
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tuition-hq/tuition/internal/servertest"
)

func TestEnsureTopicsSetsTheRetention(t *testing.T) {
	for name, brokers := range map[string][]string{"kfake": servertest.FakeKafka(t), "Kafka": servertest.SharedKafka(t).Brokers} {
		t.Run(name, func(t *testing.T) {
			conn := Connection{Brokers: brokers}
			topics := []Topic{
				{Name: "for-ever", Partitions: 1, Retention: -1},
				{Name: "an-hour", Partitions: 3, Retention: time.Hour, MaxMessageBytes: 2_000_000},
			}
			for range 2 { // the second time they are there
				if err := EnsureTopics(t.Context(), conn, topics...); err != nil {
					t.Fatal(err)
				}
			}
			cl, closeIdle, err := conn.client()
			if err != nil {
				t.Fatal(err)
			}
			defer closeIdle()
			for topic, want := range map[string]map[string]string{
				"for-ever": {"retention.ms": "-1"},
				"an-hour":  {"retention.ms": fmt.Sprint(time.Hour.Milliseconds()), "max.message.bytes": "2000000"},
			} {
				res, err := cl.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
					{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic},
				}})
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]string{}
				for _, e := range res.Resources[0].ConfigEntries {
					got[e.ConfigName] = e.ConfigValue
				}
				for k, v := range want {
					if got[k] != v {
						t.Errorf("%s of %s is %q, want %q", k, topic, got[k], v)
					}
				}
			}
			all, err := partitions(t.Context(), cl, []string{"for-ever", "an-hour"})
			if err != nil || len(all) != 4 {
				t.Errorf("partitions %v, %v", all, err)
			}
		})
	}
}
