package faults

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between the consumer and ClickHouse. It can be cut, and it can count
// what the consumer sends.
type proxy struct {
	target string
	l      net.Listener
	cut    atomic.Bool
	// onSent is called with the size of each piece that goes to the server, before it goes.
	onSent func(n int)

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{target: target, l: l, conns: map[net.Conn]bool{}}
	go p.serve()
	return p, nil
}

func startProxy(t testing.TB, target string) *proxy {
	t.Helper()
	p, err := newProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.l.Close(); p.setCut(true) })
	return p
}

func (p *proxy) addr() string { return p.l.Addr().String() }

// setCut closes what is open and refuses what comes, or lets it pass again.
func (p *proxy) setCut(cut bool) {
	p.cut.Store(cut)
	if !cut {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

func (p *proxy) serve() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		if p.cut.Load() {
			_ = client.Close()
			continue
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		done := func() { _ = client.Close(); _ = server.Close() }
		go func() { defer done(); _, _ = io.Copy(client, server) }()
		go func() { defer done(); _, _ = io.Copy(counted{server, p}, client) }()
	}
}

type counted struct {
	io.Writer
	p *proxy
}

func (c counted) Write(b []byte) (int, error) {
	if c.p.onSent != nil {
		c.p.onSent(len(b))
	}
	return c.Writer.Write(b)
}
