package adapter

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name on machines that have none

	"github.com/itchyny/gojq"
)

// functions are what programs have beyond jq:
//
//	parse_time($text; {zone, year})            see parseTime
//	parse_duration($text)                      see parseDuration
//	report($line; $code; $message; $mend)      a finding, as one output of the program
//	people, about_people, without_people($n)   see peopleFunctions
func functions() []gojq.CompilerOption {
	return append(peopleFunctions(),
		gojq.WithFunction("parse_time", 2, 2, func(_ any, args []any) any {
			text, ok := args[0].(string)
			options, ok2 := args[1].(map[string]any)
			if !ok || !ok2 {
				return fmt.Errorf("parse_time takes a text and an object {zone, year}")
			}
			zone, _ := options["zone"].(string)
			year, _ := options["year"].(int)
			return parseTime(text, zone, year)
		}),
		gojq.WithFunction("parse_duration", 1, 1, func(_ any, args []any) any {
			text, ok := args[0].(string)
			if !ok {
				return fmt.Errorf("parse_duration takes a text")
			}
			return parseDuration(text)
		}),
		gojq.WithFunction("report", 4, 4, func(_ any, args []any) any {
			return map[string]any{"finding": map[string]any{"line": args[0], "code": args[1], "message": args[2], "mend": args[3]}}
		}),
	)
}

var (
	dateText  = regexp.MustCompile(`^(\d{4,5})[-/](\d{1,2})[-/](\d{1,2})(?:[T\s]+|$)`)
	clockText = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[A-Z]{2,5}|[+-]\d{2}:?\d{2})?(?:\s*-\s*(.*))?$`)
	hourText  = regexp.MustCompile(`^(\d{1,2}):(?:\?\?|--|mm)$`)
	noClock   = regexp.MustCompile(`^(?:|HH:mm|hh:mm|--:--|\?\?:\?\?)$`)
	offset    = regexp.MustCompile(`^[+-]\d{2}:?\d{2}$`)
)

// parseTime reads a date and time as people write them in reports:
//
//	{time: RFC 3339 in UTC or null, reason: why null,
//	 precision: "second" | "minute" | "hour" | "day",   a day is its first moment
//	 approximate: true if marked by ~, dst: summer time was in force,
//	 until: the end of a stated range, or null,
//	 corrected: how a slip was read, or null, doubt: why it may be an hour off, or null}
//
// Zone is UTC, an offset, or a name of the IANA data base, where CET, EET and
// WET have summer time; a zone written beside the time wins. Year is the year
// that the document is about (0: not known): a year of five digits is read as
// that one if it becomes it by leaving out one digit.
func parseTime(text, zone string, year int) map[string]any {
	result := map[string]any{
		"time": nil, "reason": nil, "precision": nil, "approximate": false, "dst": false,
		"until": nil, "corrected": nil, "doubt": nil,
	}
	fail := func(reason string) map[string]any {
		result["reason"] = reason
		return result
	}
	text = strings.TrimSpace(text)
	if trimmed := strings.TrimSpace(strings.Trim(text, "~")); trimmed != text {
		result["approximate"] = true
		text = trimmed
	}
	date := dateText.FindStringSubmatch(text)
	if date == nil {
		return fail("the date is not stated in full")
	}
	y, _ := strconv.Atoi(date[1])
	month, _ := strconv.Atoi(date[2])
	day, _ := strconv.Atoi(date[3])
	if len(date[1]) == 5 {
		if !oneDigitLeftOut(date[1], year) {
			return fail("the year has five digits")
		}
		result["corrected"] = fmt.Sprintf("the year %s is read as %d", date[1], year)
		y = year
	}
	clock := strings.TrimSpace(text[len(date[0]):])
	var hour, minute, second int
	var until string
	switch m := clockText.FindStringSubmatch(clock); {
	case m != nil:
		hour, _ = strconv.Atoi(m[1])
		minute, _ = strconv.Atoi(m[2])
		second, _ = strconv.Atoi(m[3])
		result["precision"] = "minute"
		if m[3] != "" {
			result["precision"] = "second"
		}
		zoneText := m[4]
		until = m[5]
		// "12:26-13:10" is a range, "T12:26-13:10" an offset.
		if strings.HasPrefix(zoneText, "-") && m[3] == "" && !strings.Contains(date[0], "T") {
			zoneText, until = "", zoneText[1:]
		}
		if zoneText != "" {
			zone = zoneText
		}
	case hourText.MatchString(clock):
		hour, _ = strconv.Atoi(hourText.FindStringSubmatch(clock)[1])
		result["precision"] = "hour"
	case noClock.MatchString(clock):
		result["precision"] = "day"
	default:
		result["precision"] = nil
		return fail("the time of day cannot be read")
	}
	location := zoneOf(zone)
	if location == nil {
		return fail("the time zone is not known")
	}
	t := time.Date(y, time.Month(month), day, hour, minute, second, 0, location)
	if t.Day() != day || int(t.Month()) != month || t.Minute() != minute || hour > 23 || second > 59 {
		return fail("there is no such date or time")
	}
	if t.Hour() != hour {
		result["doubt"] = "this hour was left out when clocks went forward"
	} else if sameClock(t, t.Add(time.Hour)) || sameClock(t, t.Add(-time.Hour)) {
		result["doubt"] = "this hour came twice when clocks went back"
	}
	result["time"] = t.UTC().Format(time.RFC3339)
	result["dst"] = t.IsDST()
	if m := clockText.FindStringSubmatch(strings.TrimSpace(until)); m != nil && m[5] == "" {
		endHour, _ := strconv.Atoi(m[1])
		endMinute, _ := strconv.Atoi(m[2])
		if end := time.Date(y, time.Month(month), day, endHour, endMinute, 0, 0, location); !end.Before(t) && endHour < 24 && endMinute < 60 {
			result["until"] = end.UTC().Format(time.RFC3339)
		}
	}
	return result
}

func sameClock(a, b time.Time) bool { return a.Hour() == b.Hour() && a.Minute() == b.Minute() }

func oneDigitLeftOut(digits string, year int) bool {
	for i := range digits {
		if digits[:i]+digits[i+1:] == strconv.Itoa(year) {
			return true
		}
	}
	return false
}

// zoneOf gives nil for a zone that is not known.
func zoneOf(name string) *time.Location {
	switch name {
	case "":
		return nil
	case "Z", "UTC", "GMT":
		return time.UTC
	case "CEST":
		return time.FixedZone(name, 2*60*60)
	case "Local":
		return nil // whichever machine this is: no zone of a document
	}
	if offset.MatchString(name) {
		// Not time.Parse: it gives the machine's own zone where the offsets agree.
		t, err := time.ParseInLocation("-0700", strings.Replace(name, ":", "", 1), time.UTC)
		if err != nil {
			return nil
		}
		return t.Location()
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return location
}

var (
	footnote     = regexp.MustCompile(`\[\^[^\]]*\]`)
	durationPart = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([A-Za-z]+)(?:\s*,\s*|\s+and\s+|\s+|$)`)
)

// units are words in lower case, without a plural's s, in seconds.
var units = map[string]float64{
	"s": 1, "sec": 1, "second": 1,
	"m": 60, "min": 60, "minute": 60,
	"h": 3600, "hr": 3600, "hour": 3600,
	"d": 86400, "day": 86400,
	"w": 604800, "week": 604800,
}

// maxDuration is a hundred years of 365.25 days, in seconds.
const maxDuration = 3_155_760_000

// parseDuration reads "19 hours 43 minutes.", "11 Days", "279 minutes [^3]":
//
//	{seconds: whole number or null, reason: why null, stated: false if the text says that nothing is known}
func parseDuration(text string) map[string]any {
	result := map[string]any{"seconds": nil, "reason": nil, "stated": true}
	text = strings.TrimRight(strings.TrimSpace(footnote.ReplaceAllString(text, "")), ". ")
	switch strings.ToLower(text) {
	case "", "?", "-", "n/a", "na", "unknown", "tbd":
		result["reason"], result["stated"] = "nothing is stated", false
		return result
	}
	total := 0.0
	for rest := text; rest != ""; {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			result["reason"] = "this is no duration that can be read"
			return result
		}
		word := strings.ToLower(part[2])
		unit, known := units[word]
		if !known {
			unit, known = units[strings.TrimSuffix(word, "s")]
		}
		number, err := strconv.ParseFloat(part[1], 64)
		if !known || err != nil {
			result["reason"] = "the unit is not known"
			return result
		}
		total += number * unit
		rest = rest[len(part[0]):]
	}
	if total > maxDuration {
		result["reason"] = "it is longer than a hundred years"
		return result
	}
	result["seconds"] = int(math.Round(total))
	return result
}
