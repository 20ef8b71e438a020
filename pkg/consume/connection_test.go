package consume

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/event"
)

// authority makes a certificate for 127.0.0.1 that signs itself.
func authority(t *testing.T) (caFile string, server *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestTLSAndSASL(t *testing.T) {
	caFile, server := authority(t)
	for _, mechanism := range []string{"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		for _, encrypted := range []bool{false, true} {
			t.Run(fmt.Sprintf("SASL %q, TLS %v", mechanism, encrypted), func(t *testing.T) {
				options := []kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(4, testTopic, "tuition.deadletter")}
				var conn Connection
				if mechanism != "" {
					options = append(options, kfake.EnableSASL(), kfake.Superuser(mechanism, "ingest", "correct horse"))
					conn.SASL = SASL{mechanism, "ingest", "correct horse"}
				}
				if encrypted {
					options = append(options, kfake.TLS(server))
					conn.TLS = TLS{Enabled: true, CAFile: caFile}
				}
				broker, err := kfake.NewCluster(options...)
				if err != nil {
					t.Fatal(err)
				}
				defer broker.Close()
				conn.Brokers = broker.ListenAddrs()
				p, err := NewProducer(conn)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				m := event.Message{Position: event.Position{Topic: testTopic}, Value: []byte("hello")}
				if err := p.Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				cfg := testConfig(conn.Brokers)
				cfg.Connection = conn
				s := &shelf{}
				_, stop := start(t, cfg, zap.NewNop(), s)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				if err := WaitCommitted(ctx, conn, "tuition", p.Offsets(), nil); err != nil {
					t.Fatal(err)
				}
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				sameSet(t, s.has(), []string{"hello"})
			})
		}
	}
}

func TestAWrongPasswordIsToldAndNotPrinted(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, testTopic), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "ingest", "correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	cfg := testConfig(broker.ListenAddrs())
	cfg.SASL = SASL{"SCRAM-SHA-256", "ingest", "battery staple"}
	c, err := New(cfg, &shelf{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	// The real Kafka refuses, which ends Run; kfake just closes the connection.
	eventually(t, "a hint", func() bool { return strings.Contains(c.Ready().Error(), "password") })
	if strings.Contains(c.Ready().Error(), "battery") {
		t.Error("the error holds the password")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, text := range []string{fmt.Sprintf("%v", cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg)} {
		if strings.Contains(text, "battery") {
			t.Errorf("printing the settings shows the password: %s", text)
		}
	}
}

func TestWrongSettingsAreTold(t *testing.T) {
	good := []string{"localhost:9092"}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		conn Connection
		says string
	}{
		{Connection{}, "no broker"},
		{Connection{Brokers: []string{"localhost"}}, "not host:port"},
		{Connection{Brokers: good, TLS: TLS{CAFile: "x"}}, "not enabled"},
		{Connection{Brokers: good, TLS: TLS{Enabled: true, CAFile: "/nowhere"}}, "CA file"},
		{Connection{Brokers: good, TLS: TLS{Enabled: true, CAFile: empty}}, "no certificate"},
		{Connection{Brokers: good, TLS: TLS{Enabled: true, CertFile: "x"}}, "key file"},
		{Connection{Brokers: good, TLS: TLS{Enabled: true, CertFile: "x", KeyFile: "y"}}, "client certificate"},
		{Connection{Brokers: good, SASL: SASL{Username: "u"}}, "no mechanism"},
		{Connection{Brokers: good, SASL: SASL{Mechanism: "PLAIN"}}, "needs a user name"},
		{Connection{Brokers: good, SASL: SASL{"GSSAPI", "u", "p"}}, "not known"},
	} {
		if err := c.conn.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q in it", c.conn, err, c.says)
		}
		if _, err := New(Config{Connection: c.conn}, &shelf{}, zap.NewNop()); err == nil {
			t.Errorf("%v: New takes it", c.conn)
		}
	}
	ok := Connection{Brokers: good}
	for _, cfg := range []Config{
		{Connection: ok, Topics: []string{"tuition.deadletter"}},
		{Connection: ok, BatchRows: -1},
		{Connection: ok, Heartbeat: 5 * time.Second},
	} {
		if _, err := New(cfg, &shelf{}, zap.NewNop()); err == nil {
			t.Errorf("%+v: New takes it", cfg)
		}
	}
}
