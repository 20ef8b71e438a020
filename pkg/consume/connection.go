package consume

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Connection says how to reach the Kafka cluster. The same values serve readers,
// writers and the administration of topics. The password is never printed.
type Connection struct {
	Brokers []string // host:port of at least one broker
	TLS     TLS
	SASL    SASL
}

// TLS is off unless Enabled. Without a CAFile the system's roots are trusted.
type TLS struct {
	Enabled    bool
	CAFile     string // PEM
	CertFile   string // PEM, with KeyFile, for a broker that asks for a client certificate
	KeyFile    string
	ServerName string // overrides the name that the broker's certificate is checked against
}

// SASL is off while Mechanism is empty.
type SASL struct {
	Mechanism string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	Username  string
	Password  string
}

// String leaves the password out, so that a printed configuration holds no secret.
func (s SASL) String() string {
	if s.Mechanism == "" {
		return "none"
	}
	return s.Mechanism + " as " + s.Username
}

// GoString leaves the password out of %#v as well.
func (s SASL) GoString() string { return "consume.SASL(" + s.String() + ")" }

// dialTimeout bounds one connection attempt, TLS and SASL included.
const dialTimeout = 10 * time.Second

// Check tells what is wrong with the connection's settings without connecting.
func (c Connection) Check() error {
	if len(c.Brokers) == 0 {
		return errors.New("kafka: no broker is named; give at least one host:port")
	}
	for _, b := range c.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return fmt.Errorf("kafka: broker %q is not host:port, for example localhost:9092", b)
		}
	}
	if _, err := c.tls(); err != nil {
		return err
	}
	_, err := c.mechanism()
	return err
}

func (c Connection) tls() (*tls.Config, error) {
	conf, err := c.TLS.Config()
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return conf, nil
}

// Config is nil where the connection is not encrypted. Errors name the file at fault.
func (t TLS) Config() (*tls.Config, error) {
	if !t.Enabled {
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" || t.ServerName != "" {
			return nil, errors.New("TLS files or a server name are set but TLS is not enabled; enable it or remove them")
		}
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read the TLS CA file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the TLS CA file %s holds no certificate; it must be PEM", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("a TLS client certificate needs both its certificate file and its key file")
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cannot load the TLS client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}

func (c Connection) mechanism() (sasl.Mechanism, error) {
	s := c.SASL
	if s.Mechanism == "" {
		if s.Username != "" || s.Password != "" {
			return nil, errors.New("kafka: a SASL user name or password is set but no mechanism; set PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
		}
		return nil, nil
	}
	if s.Username == "" || s.Password == "" {
		return nil, fmt.Errorf("kafka: SASL %s needs a user name and a password", s.Mechanism)
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Mechanism{Username: s.Username, Password: s.Password}, nil
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, s.Username, s.Password)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, s.Username, s.Password)
	}
	return nil, fmt.Errorf("kafka: SASL mechanism %q is not known; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", s.Mechanism)
}

// dialer is what readers and consumer groups connect with.
func (c Connection) dialer() (*kafka.Dialer, error) {
	conf, err := c.tls()
	if err != nil {
		return nil, err
	}
	mech, err := c.mechanism()
	if err != nil {
		return nil, err
	}
	return &kafka.Dialer{ClientID: clientID, Timeout: dialTimeout, DualStack: true, KeepAlive: 30 * time.Second, TLS: conf, SASLMechanism: mech}, nil
}

// transport is what writers and administrative requests connect with. Close its
// idle connections when done with it.
func (c Connection) transport() (*kafka.Transport, error) {
	conf, err := c.tls()
	if err != nil {
		return nil, err
	}
	mech, err := c.mechanism()
	if err != nil {
		return nil, err
	}
	return &kafka.Transport{ClientID: clientID, DialTimeout: dialTimeout, TLS: conf, SASL: mech}, nil
}

const clientID = "tuition"

// client is for administrative requests; close releases its connections.
func (c Connection) client() (cl *kafka.Client, close func(), err error) {
	if len(c.Brokers) == 0 {
		return nil, nil, c.Check()
	}
	t, err := c.transport()
	if err != nil {
		return nil, nil, err
	}
	return &kafka.Client{Addr: kafka.TCP(c.Brokers...), Timeout: 10 * time.Second, Transport: t}, t.CloseIdleConnections, nil
}

// Reach says whether a broker answers and takes the credentials.
func Reach(ctx context.Context, c Connection) error {
	cl, closeIdle, err := c.client()
	if err != nil {
		return err
	}
	defer closeIdle()
	if _, err := cl.Metadata(ctx, &kafka.MetadataRequest{}); err != nil {
		return fmt.Errorf("kafka: no broker of %v answers: %w", c.Brokers, err)
	}
	return nil
}

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String is topic/partition.
func (tp TopicPartition) String() string { return fmt.Sprintf("%s/%d", tp.Topic, tp.Partition) }
