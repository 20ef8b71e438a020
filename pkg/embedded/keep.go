package embedded

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// An engine that ends by itself is started again, so often within the time and no more: what ends each time will not
// get better.
const (
	restartsWithin = time.Minute
	restartsMost   = 3
)

// keep starts the engine again, on the same ports, when it ended by itself. It closes s.ended and returns after Stop,
// or when it gives up.
func (s *Services) keep(start func() (*engine, error), log *zap.Logger) {
	defer close(s.ended)
	log = log.With(zap.String("see", s.EngineLog()))
	var restarts []time.Time
	for e := s.current(); ; {
		<-e.Done
		if s.life.Err() != nil {
			return
		}
		e.parent.Close()
		e.terminal.close()
		now := time.Now()
		for len(restarts) > 0 && now.Sub(restarts[0]) > restartsWithin {
			restarts = restarts[1:]
		}
		if len(restarts) == restartsMost {
			log.Error("the embedded engine ended by itself again and is not started any more", zap.NamedError("ended", e.Err), zap.Int("restarts", restartsMost), zap.Duration("within", restartsWithin))
			return
		}
		restarts = append(restarts, now)
		log.Error("the embedded engine ended by itself and is started again", zap.NamedError("ended", e.Err))
		next, err := start()
		if err != nil {
			log.Error("the embedded engine cannot be started again", zap.Error(err))
			return
		}
		e = next
		if !s.replace(e) {
			_ = e.stop(context.Background())
			return
		}
		patience, cancel := context.WithTimeout(s.life, startPatience)
		err = e.ready(patience, s.ClickHouseHTTP, s.Admin)
		cancel()
		switch {
		case err == nil:
			log.Warn("the embedded engine is up again", zap.Duration("took", time.Since(now)))
		case s.life.Err() == nil:
			log.Error("the embedded engine did not come up again", zap.Error(err))
			_ = e.Kill()
		}
	}
}

// replace reports whether the engine is now the one that Stop will stop; it is not if Stop has been called.
func (s *Services) replace(e *engine) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.engine = e
	return true
}
