package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/export"
	"github.com/tuition-hq/tuition/pkg/web"
)

// The roles of `tuition run`.
const (
	roleConsume = "consume"
	roleAnalyse = "analyse"
	roleWeb     = "web"
)

// Roles are all of them.
var Roles = []string{roleConsume, roleAnalyse, roleWeb}

// CheckRoles says which role does not exist.
func CheckRoles(roles []string) error {
	if len(roles) == 0 {
		return usage(fmt.Errorf("--roles is empty; the roles are %s", strings.Join(Roles, ", ")))
	}
	for _, r := range roles {
		if !slices.Contains(Roles, r) {
			return usage(fmt.Errorf("--roles: %q is not one of %s", r, strings.Join(Roles, ", ")))
		}
	}
	return nil
}

// Run runs the roles until the context ends or one of them fails for good.
func (s *Session) Run(ctx context.Context, roles []string) error {
	if err := CheckRoles(roles); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	for _, w := range s.warnings {
		s.log.Warn(w)
	}
	p, err := s.newProcess(ctx)
	if err != nil {
		return err
	}
	return p.run(ctx, roles)
}

// process is what runs for long: the roles and what they say of themselves.
type process struct {
	*Session
	registry *prometheus.Registry
	health   *health
	newest   *newest
	pages    bool // are served by this process
}

func (s *Session) newProcess(ctx context.Context) (*process, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	p := &process{Session: s, registry: registry, health: newHealth(registry)}
	reader, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		return nil, err
	}
	p.newest = newNewest(s, reader, p.health)
	return p, nil
}

func (p *process) run(ctx context.Context, roles []string) error {
	ingest, err := p.openStore(ctx, p.settings.ClickHouse.Ingest)
	if err != nil {
		return err
	}
	// All that can be refused comes before anything runs, which the session would close under it.
	var consumer *consume.Consumer
	if slices.Contains(roles, roleConsume) {
		if consumer, err = p.newConsumer(ingest, p.health); err != nil {
			return err
		}
		p.registry.MustRegister(consumer.Collector())
		p.health.check(consumer.Ready)
	}
	var listener net.Listener
	if slices.Contains(roles, roleWeb) {
		if listener, err = p.listen(); err != nil {
			return err
		}
		p.pages = true
	}
	if e := p.services; e != nil {
		p.log.Info("embedded servers", zap.String("dir", e.Dir), zap.Strings("kafka", e.Brokers),
			zap.String("clickhouse", e.ClickHouseAddr), zap.String("clickhouse_http", e.ClickHouseHTTP))
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.watchEmbedded(ctx) })
	if consumer != nil {
		group.Go(func() error { return consumer.Run(ctx) })
	}
	if slices.Contains(roles, roleAnalyse) {
		group.Go(func() error { return p.analyse(ctx, ingest) })
	}
	if listener != nil {
		group.Go(func() error { return p.serve(ctx, listener) })
	}
	return group.Wait()
}

func (p *process) listen() (net.Listener, error) {
	address := p.settings.Web.Listen
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, usage(fmt.Errorf("setting web.listen: cannot listen on %s: %w; name another port, or 127.0.0.1:0 for any free one", address, err))
	}
	return listener, nil
}

// serve answers until the context ends, then finishes what it has begun.
func (p *process) serve(ctx context.Context, listener net.Listener) error {
	address := listener.Addr().String()
	if host, _, err := net.SplitHostPort(address); err == nil && !net.ParseIP(host).IsLoopback() {
		p.log.Warn("the pages are served beyond this machine and ask nobody who they are; put a proxy that does before them", zap.String("address", address))
	}
	p.registry.MustRegister(export.NewCollector(p.newest.cached, 0))
	server := web.Server(address, web.New(web.Config{Version: Version(), Metrics: p.registry}, p.newest, p.log))
	server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(bounded); err != nil {
			p.log.Warn("requests were cut off", zap.Error(err))
		}
	}()
	p.log.Info("serving", zap.String("url", "http://"+address))
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	return nil
}
