package learning

import (
	"math"
	"time"
)

// Row is one estimate as data, as every surface that gives data names it. A number
// that is not known is nil, as is a bound that does not exist (an interval
// without upper end).
type Row struct {
	Metric    string   `json:"metric"`
	ScopeKind string   `json:"scope_kind"`
	Scope     string   `json:"scope"`
	Window    string   `json:"window"`
	AsOf      string   `json:"as_of"`
	Value     *float64 `json:"value"`
	Low       *float64 `json:"low"`
	High      *float64 `json:"high"`
	Level     float64  `json:"level"`
	Low50     *float64 `json:"low50"`
	High50    *float64 `json:"high50"`
	Unit      string   `json:"unit"`
	N         int64    `json:"n"`
	Events    int64    `json:"events"`
	Exposure  *float64 `json:"exposure"`
	Censored  int64    `json:"censored"`
	State     string   `json:"state"`
	StateCode int      `json:"state_code"`
	Method    string   `json:"method"`
	Origin    string   `json:"origin"`
	Verdict   string   `json:"verdict"`
	Reading   string   `json:"reading"`
	Lacks     int64    `json:"lacks"`
}

// RowOf is an estimate as data.
func RowOf(e Estimate) Row {
	return Row{
		e.Metric, e.Scope.Kind, e.Scope.Name, e.Window, Instant(e.AsOf), finite(e.Value), finite(e.Low), finite(e.High), e.Level,
		finite(e.Low50), finite(e.High50), e.Unit, e.N, e.Events, finite(e.Exposure), e.Censored, string(e.State), e.State.Code(), e.Method, e.Origin, e.Verdict, e.Reading, e.Lacks,
	}
}

func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// Instant is a moment in milliseconds as RFC 3339 in UTC.
func Instant(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}
