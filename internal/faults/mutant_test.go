package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/internal/servertest"
)

// Fault 16, the test of the tests: programs that are wrong on purpose. Each must be
// found by the same oracle that passes the right one.

func TestOracleFindsCommitBeforeInsert(t *testing.T) {
	s := newScene(t, servertest.SharedKafka(t), 4)
	s.sender.send(t, s.world.records(t, 2000))
	o := s.orders
	o.Variant = commitBeforeInsert
	p := spawn(t, o)
	s.waitUntil("a commit", time.Minute, func() bool { return total64(s.watch.now()) > 0 })
	p.kill()
	s.expect("are lost")
}

func TestOracleFindsOrderByArrival(t *testing.T) {
	s := newScene(t, servertest.SharedKafka(t), 4)
	s.sender.send(t, s.world.records(t, 2000))
	o := s.orders
	o.Variant = orderByArrival
	s.orders = o
	s.expect("the view incident differs")
}

func TestOracleFindsAnIgnoredError(t *testing.T) {
	s := newScene(t, servertest.SharedKafka(t), 4)
	s.sender.send(t, s.world.records(t, 2000))
	o := s.orders
	o.Variant = ignoreError
	s.orders = o
	s.expect("are lost")
}

// expect lets a consumer end the work as the orders say, wrong as it may be, and
// demands that the oracle says so.
func (s *scene) expect(finding string) {
	s.Helper()
	p := spawn(s.T, s.orders)
	s.waitUntil("everything committed", 2*time.Minute, s.done)
	p.stop(s.T)
	wrong := s.verify()
	if len(wrong) == 0 {
		s.Fatal("the oracle found nothing wrong")
	}
	if all := strings.Join(wrong, "\n"); !strings.Contains(all, finding) {
		s.Errorf("the oracle did not say %q but:\n%s", finding, all)
	}
}
