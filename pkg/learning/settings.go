package learning

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Settings are the choices that numbers depend on. They are made beforehand,
// and are part of a run's identity: other settings, another run.
type Settings struct {
	// MergeWindow is τ: failures of one mode on one service within it of the
	// first are one failure. Fixed from the first, never chained. Default 72 h.
	MergeWindow time.Duration
	// AttributionWindow is how long before an incident a change may lie to be a
	// candidate. Default 24 h. The input was made with it.
	AttributionWindow time.Duration
	// Level of every interval, two-sided. Default 0.95.
	Level float64
	// InnerLevel of the narrow band that charts draw inside it. Default 0.5.
	InnerLevel float64
	// Seed of the bootstraps. Default 1.
	Seed uint64
	// WatchAlpha is the chance that the regression watch raises an alarm within
	// a year in an organisation where nothing changes, over all that is watched;
	// as much again for an improvement announced. Default 0.05.
	WatchAlpha float64
	// WatchBaseline is where the watch's baseline begins, in milliseconds; 0 is
	// the first Monday of the record. It never moves by itself.
	WatchBaseline int64
	// WatchScopes are the kinds of scope that are watched. Each gets an equal
	// part of WatchAlpha. Default organisation, team, service.
	WatchScopes []string
	// WatchTargets are rates stated beforehand. Default none.
	WatchTargets []WatchTarget
	// Currency of the sums, an ISO 4217 code. "": that of the costs, if all are
	// told in one; else there are no sums.
	Currency string
	// ExchangeRates are how much one unit of another currency is worth in
	// Currency. Costs in a currency without a rate are counted apart.
	ExchangeRates map[string]float64
	// CostCap is what one failure counts as at most where costs are averaged:
	// costs are so heavy-tailed that a mean without a cap has no bound. 0: none is set.
	CostCap float64
	// Horizon over which avoided costs are reckoned. Default 365 days.
	Horizon time.Duration
	// Stagnation is how long a service has neither failed nor been exercised to
	// count as stagnant. Default 180 days.
	Stagnation time.Duration
	// Settling is how long after a quarter's end its verdicts are given, so that
	// late events can arrive. Default 14 days.
	Settling time.Duration
	// VerdictScopes are those judged at a quarter's close: kinds of scope, or one
	// as kind:name. Default organisation and team.
	VerdictScopes []string
	// VerdictMetrics are what is judged of them, of Judged. Default all of these.
	VerdictMetrics []string
	// FalseDiscoveries is the share of false verdicts, among those given at a
	// close, that Benjamini–Hochberg holds. Default 0.05.
	FalseDiscoveries float64
}

// DefaultSettings are those documented at each field.
func DefaultSettings() Settings {
	return Settings{
		MergeWindow:       72 * time.Hour,
		AttributionWindow: 24 * time.Hour,
		Level:             0.95,
		InnerLevel:        0.5,
		Seed:              1,
		WatchAlpha:        0.05,
		WatchScopes:       []string{"organisation", "team", "service"},
		Horizon:           365 * 24 * time.Hour,
		Stagnation:        180 * 24 * time.Hour,
		Settling:          14 * 24 * time.Hour,
		VerdictScopes:     []string{wholeOrganisation, team},
		VerdictMetrics:    slices.Clone(Judged),
		FalseDiscoveries:  0.05,
	}
}

// version changes whenever the same input would give other numbers.
const version = 32

// Hash identifies the settings, and the way of computing, in hexadecimal.
func (s Settings) Hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "learning %d %+v", version, s))
	return hex.EncodeToString(sum[:16])
}
