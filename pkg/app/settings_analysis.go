package app

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AnalysisSettings fixes what the estimates mean: changing one changes the numbers.
type AnalysisSettings struct {
	Interval          time.Duration `yaml:"interval" env:"INTERVAL" doc:"how often new events lead to new estimates"`
	AsOf              string        `yaml:"as_of" env:"AS_OF" doc:"empty: the end of the last whole UTC day; log: the end of the log; or a date, 2026-06-30"`
	AttributionWindow time.Duration `yaml:"attribution_window" env:"ATTRIBUTION_WINDOW" doc:"changes this long before an incident are candidates for its cause"`
	MergeWindow       time.Duration `yaml:"merge_window" env:"MERGE_WINDOW" doc:"failures of one mode on one service within this time of the first are one failure"`
	Currency          string        `yaml:"currency" env:"CURRENCY" doc:"ISO 4217 code of the sums of costs, such as EUR; empty: that of the costs, if all are told in one"`
	ExchangeRates     ExchangeRates `yaml:"exchange_rates" env:"EXCHANGE_RATES" doc:"what one unit of another currency is worth in it, USD:0.92,GBP:1.17; costs in a currency without a rate are counted apart"`
	CostCap           float64       `yaml:"cost_cap" env:"COST_CAP" doc:"what one failure counts as at most where costs are averaged, in that currency; 0: none, and then nothing is averaged"`
	Horizon           time.Duration `yaml:"horizon" env:"HORIZON" doc:"time over which avoided costs are reckoned"`
	Stagnation        time.Duration `yaml:"stagnation" env:"STAGNATION" doc:"a service that has neither failed nor been exercised for this long counts as stagnant"`

	Verdicts VerdictSettings `yaml:"verdicts" envPrefix:"VERDICTS_"`
}

// ExchangeRates are by currency code.
type ExchangeRates map[string]float64

// UnmarshalYAML reads an object of a number for each currency, or what the
// environment variable takes.
func (r *ExchangeRates) UnmarshalYAML(unmarshal func(any) error) error {
	var rates map[string]float64
	if err := unmarshal(&rates); err != nil {
		var text string
		if unmarshal(&text) == nil && r.UnmarshalText([]byte(text)) == nil {
			return nil
		}
		return errors.New("a number for each currency is needed, such as {USD: 0.92, GBP: 1.17}")
	}
	*r = rates
	return nil
}

// UnmarshalText reads USD:0.92,GBP:1.17.
func (r *ExchangeRates) UnmarshalText(text []byte) error {
	*r = ExchangeRates{}
	for pair := range strings.SplitSeq(string(text), ",") {
		currency, value, _ := strings.Cut(strings.TrimSpace(pair), ":")
		rate, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || currency == "" {
			return errors.New("currencies and rates are needed, such as USD:0.92,GBP:1.17")
		}
		(*r)[strings.TrimSpace(currency)] = rate
	}
	return nil
}

func (a *AnalysisSettings) validate(fault func(ok bool, name, want string)) {
	fault(a.Interval >= time.Second, "analysis.interval", "at least 1s")
	fault(a.AttributionWindow >= time.Minute && a.AttributionWindow <= 7*24*time.Hour, "analysis.attribution_window", "1m to 168h")
	fault(a.MergeWindow >= 0 && a.MergeWindow <= 30*24*time.Hour, "analysis.merge_window", "0 to 720h")
	const code = "three capital letters, an ISO 4217 code such as EUR"
	fault(a.Currency == "" || currencyCode(a.Currency), "analysis.currency", code)
	for _, other := range slices.Sorted(maps.Keys(a.ExchangeRates)) {
		name := "analysis.exchange_rates." + other
		fault(currencyCode(other), name, code)
		fault(a.Currency != "", name, "a rate is worth something only in a currency: set analysis.currency too")
		fault(other != a.Currency, name, "this is the currency itself: no rate is needed")
		rate := a.ExchangeRates[other]
		fault(rate > 0 && rate <= 1e9, name, "a number above 0, what one unit of it is worth in analysis.currency")
	}
	fault(a.CostCap >= 0 && a.CostCap <= 1e15, "analysis.cost_cap", "0 (none) to 1e15")
	fault(a.CostCap == 0 || a.Currency != "", "analysis.cost_cap", "a cap is worth something only in a currency: set analysis.currency too")
	fault(a.Horizon >= 24*time.Hour && a.Horizon <= 10*365*24*time.Hour, "analysis.horizon", "24h to 87600h")
	fault(a.Stagnation >= 24*time.Hour && a.Stagnation <= 10*365*24*time.Hour, "analysis.stagnation", "24h to 87600h")
	a.Verdicts.validate(fault)
	if a.AsOf != "" && a.AsOf != "log" {
		_, err := time.Parse(time.DateOnly, a.AsOf)
		fault(err == nil, "analysis.as_of", "empty, log, or a date like 2026-06-30")
	}
}

func currencyCode(code string) bool {
	return len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
