package learning

import "sync"

// Metric says what an estimate means: for explain, /metrics and the docs.
type Metric struct {
	Name       string // as in Estimate.Metric
	Unit       string // share, seconds, per_1000_service_days, change_per_quarter, ratio, count
	Better     string // lower, higher; "" where neither is good in itself
	Minimum    string // the data below which it is insufficient
	Definition string
	Formula    string // the estimator and its interval
	Source     string // of the formula; "" for a plain count
	// Evidence names the metric whose evidence rows show what this one
	// counted, where the two counted the same; "" for its own.
	Evidence string
}

// Lookup finds a metric by its name.
func Lookup(name string) (Metric, bool) {
	i, found := byName()[name]
	if !found {
		return Metric{}, false
	}
	return Metrics[i], true
}

var byName = sync.OnceValue(func() map[string]int {
	out := make(map[string]int, len(Metrics))
	for i, m := range Metrics {
		out[m.Name] = i
	}
	return out
})

// Metrics are all that Compute gives.
var Metrics = []Metric{
	{
		"repeat_rate.repeats", "share", "lower", "10 failures of a known mode",
		"Failures of a mode met before on the same service, after its declared fix, of all failures of a known mode.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"repeat_rate.known_open", "share", "lower", "10 failures of a known mode",
		"Failures of a mode met before on the same service, while an improvement for it was declared and not known to be closed, of all failures of a known mode.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"repeat_rate.unaddressed", "share", "lower", "10 failures of a known mode",
		"Failures of a mode met before on the same service, with nothing opened for it, of all failures of a known mode.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"repeat_rate.fix_did_not_hold", "count", "lower", "none",
		"Incidents between a fix declared within the merging window of a failure and that window's end.",
		"count",
		"", "",
	},
	{
		"repeat_rate.after_fix.30d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 30 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end). A quarter holds the modes whose clock began in it.",
		"1 − S(30 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_fix.90d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 90 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end). A quarter holds the modes whose clock began in it.",
		"1 − S(90 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_fix.180d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 180 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end). A quarter holds the modes whose clock began in it.",
		"1 − S(180 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_fix.mean_180d", "ratio", "lower", "10 modes followed for 180 days",
		"Mean number of recurrences of a mode within 180 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end).",
		"mean cumulative function; log-normal bounds",
		"Nelson 1995; Lawless & Nadeau 1995", "repeat_rate.after_fix.180d",
	},
	{
		"repeat_rate.after_end.30d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 30 days of the end of the mode's first failure, or of its merging window if that is later. A quarter holds the modes whose clock began in it.",
		"1 − S(30 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_end.90d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 90 days of the end of the mode's first failure, or of its merging window if that is later. A quarter holds the modes whose clock began in it.",
		"1 − S(90 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_end.180d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 180 days of the end of the mode's first failure, or of its merging window if that is later. A quarter holds the modes whose clock began in it.",
		"1 − S(180 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_end.mean_180d", "ratio", "lower", "10 modes followed for 180 days",
		"Mean number of recurrences of a mode within 180 days of the end of the mode's first failure, or of its merging window if that is later.",
		"mean cumulative function; log-normal bounds",
		"Nelson 1995; Lawless & Nadeau 1995", "repeat_rate.after_end.180d",
	},
	{
		"learning_derivative.uncontained", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained failures over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of service-days; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "",
	},
	{
		"learning_derivative.uncontained.per_deploy", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained failures over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of deploys; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "learning_derivative.uncontained",
	},
	{
		"learning_derivative.uncontained.since_start", "ratio", "lower", "3 failures",
		"β of the rate of uncontained failures since each service's start; below 1 they grow rarer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"β̄ = (N−1)/Σ ln(T/t), 2Nβ/β̂ ~ χ²(2N)",
		"Crow, MIL-HDBK-189", "learning_derivative.uncontained",
	},
	{
		"learning_derivative.uncontained.per_doubling", "ratio", "lower", "3 failures",
		"What every doubling of the uncontained failures so far multiplies their rate by. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"2^(1−1/β)",
		"Wright 1936; Crow, MIL-HDBK-189", "learning_derivative.uncontained",
	},
	{
		"learning_derivative.severe", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained failures of severity 1 or 2 over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of service-days; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "",
	},
	{
		"learning_derivative.severe.per_deploy", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained failures of severity 1 or 2 over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of deploys; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "learning_derivative.severe",
	},
	{
		"learning_derivative.severe.since_start", "ratio", "lower", "3 failures",
		"β of the rate of uncontained failures of severity 1 or 2 since each service's start; below 1 they grow rarer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"β̄ = (N−1)/Σ ln(T/t), 2Nβ/β̂ ~ χ²(2N)",
		"Crow, MIL-HDBK-189", "learning_derivative.severe",
	},
	{
		"learning_derivative.severe.per_doubling", "ratio", "lower", "3 failures",
		"What every doubling of the uncontained failures of severity 1 or 2 so far multiplies their rate by. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred.",
		"2^(1−1/β)",
		"Wright 1936; Crow, MIL-HDBK-189", "learning_derivative.severe",
	},
	{
		"monitoring_gaps.told_by_customer", "per_1000_service_days", "lower", "10 failures whose detection is known, two thirds of all",
		"Failures that customers told us of, per 1,000 service-days.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"monitoring_gaps.told_by_customer.share", "share", "lower", "10 failures whose detection is known",
		"Failures that customers told us of, of those whose detection is known.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"monitoring_gaps.told_by_employee", "per_1000_service_days", "lower", "10 failures whose detection is known, two thirds of all",
		"Failures that employees told us of, per 1,000 service-days.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"monitoring_gaps.told_by_employee.share", "share", "lower", "10 failures whose detection is known",
		"Failures that employees told us of, of those whose detection is known.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"monitoring_gaps.found", "count", "", "none",
		"Monitoring gaps found; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.open", "count", "lower", "none",
		"Monitoring gaps found and still open; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.closed", "count", "higher", "none",
		"Monitoring gaps found and closed since; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.proven", "count", "higher", "none",
		"Monitoring gaps closed, where a monitor was the first to notice the next failure; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.reopened", "count", "lower", "none",
		"Monitoring gaps closed, where a customer told us of the next failure all the same; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.unproven", "count", "", "none",
		"Monitoring gaps closed, with nothing since to try them; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.time_to_close", "seconds", "lower", "10 gaps",
		"Median time from finding a monitoring gap to closing it, open ones censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"change_safety.failed_share", "share", "lower", "20 changes",
		"Changes that failed, were rolled back, or are stated or corroborated as a cause, each once, of the changes older than the attribution window.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.all-at-once", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is all-at-once.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.canary", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is canary.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.blue-green", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is blue-green.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.unknown", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is unknown.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.kind.deploy", "share", "lower", "20 changes",
		"change_safety.failed_share of changes of kind deploy.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.kind.flag", "share", "lower", "20 changes",
		"change_safety.failed_share of changes of kind flag.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.excess", "share", "lower", "20 failures, 3 discordant windows, a fifth of the reference windows without a change",
		"Share of failures with a change before them, beyond what the same hours one to four weeks earlier explain.",
		"x̄(1 − D/N), D = Σ(1−x)m, N = Σx(1−m); percentile bootstrap over failures",
		"Maclure 1991; Mantel & Haenszel 1959", "",
	},
	{
		"durations.detect.median", "seconds", "lower", "6",
		"Median time from an incident's start to its detection; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.detect.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from an incident's start to its detection; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.detect.median",
	},
	{
		"durations.detect.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from an incident's start to its detection that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.detect.median",
	},
	{
		"durations.acknowledge.median", "seconds", "lower", "6",
		"Median time from detection to acknowledgement; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.acknowledge.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from detection to acknowledgement; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.acknowledge.median",
	},
	{
		"durations.acknowledge.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from detection to acknowledgement that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.acknowledge.median",
	},
	{
		"durations.mitigate.median", "seconds", "lower", "6",
		"Median time from detection (else the start) to mitigation; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.mitigate.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from detection (else the start) to mitigation; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.mitigate.median",
	},
	{
		"durations.mitigate.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from detection (else the start) to mitigation that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.mitigate.median",
	},
	{
		"durations.resolve.median", "seconds", "lower", "6",
		"Median time from detection (else the start) to resolution; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.resolve.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from detection (else the start) to resolution; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.resolve.median",
	},
	{
		"durations.resolve.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from detection (else the start) to resolution that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.resolve.median",
	},
	{
		"durations.rollback.median", "seconds", "lower", "6",
		"Median time from a failed change's end to its rollback, of those rolled back; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.rollback.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from a failed change's end to its rollback, of those rolled back; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.rollback.median",
	},
	{
		"durations.rollback.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from a failed change's end to its rollback, of those rolled back that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.rollback.median",
	},
	{
		"durations.stated_detect.median", "seconds", "lower", "6",
		"Median time from start to detection as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.stated_detect.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from start to detection as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.stated_detect.median",
	},
	{
		"durations.stated_detect.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from start to detection as people stated it, not derived from times that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.stated_detect.median",
	},
	{
		"durations.stated_resolve.median", "seconds", "lower", "6",
		"Median time from start to resolution as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.stated_resolve.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from start to resolution as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.stated_resolve.median",
	},
	{
		"durations.stated_resolve.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from start to resolution as people stated it, not derived from times that two periods of this many would show at 80 % power.",
		"1 − exp(−(z₀.₉₇₅ + z₀.₈)·sd·√(2/n))",
		"two-sample test of lognormal times", "durations.stated_resolve.median",
	},
	{
		"counted.drills", "count", "", "none",
		"Drills and planned works, left out of every other number.",
		"count",
		"", "",
	},
	{
		"counted.duplicates", "count", "", "none",
		"Incidents that double another, left out of every other number.",
		"count",
		"", "",
	},
	{
		"counted.undated", "count", "lower", "none",
		"Incidents with neither a start nor a detection: they could not be placed in time and are in no other number.",
		"count",
		"", "",
	},
	{
		"counted.merged", "count", "", "none",
		"Incidents within the merging window of one of the same mode and service, counted as one failure with it.",
		"count",
		"", "",
	},
}
