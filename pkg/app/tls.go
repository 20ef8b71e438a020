package app

import "github.com/tuition-hq/tuition/pkg/consume"

// tls hands the setting on; ClickHouse's connection is encrypted by the same rules as Kafka's.
func (t TLSSettings) tls() consume.TLS {
	return consume.TLS{Enabled: t.Enabled, CAFile: t.CAFile, CertFile: t.CertFile, KeyFile: t.KeyFile, ServerName: t.ServerName}
}
