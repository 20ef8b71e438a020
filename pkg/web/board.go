package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

// board answers /board: the six numbers of the organisation or of a team.
func (s *site) board(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	ask, err := parseExplain(r, 0, "scope", "window")
	if err == nil && !slices.Contains(learning.BoardScopes, ask.Scope.Kind) {
		err = wrong{errors.New("this page is given for the organisation and for teams: scope is one of " + strings.Join(learning.BoardScopes, ", ") + ", as in team:payments")}
	}
	var snapshot learning.Snapshot
	if err == nil {
		snapshot, err = s.snapshotOf(ctx, ask.Scope)
	}
	if err != nil {
		s.explainFailed(w, r, err)
		return
	}
	quarters, err := s.source.Quarters(ctx)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	quarter := ""
	if ask.Window != "all" {
		quarter = ask.Window
		if !slices.Contains(quarters, quarter) {
			s.unknownQuarter(w, quarter, quarters)
			return
		}
	}
	s.html(w, r, func(b *bytes.Buffer) error {
		return review.BoardPage(b, review.BoardFacts{Scope: ask.Scope, Quarter: quarter, Quarters: quarters, Snapshot: snapshot, Version: s.version})
	})
}
