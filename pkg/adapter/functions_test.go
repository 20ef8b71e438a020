package adapter

import (
	"fmt"
	"testing"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		text, zone string
		year       int
		want       string // time or reason, then what else is not at rest
	}{
		{"2021-06-22 08:21", "UTC", 0, "2021-06-22T08:21:00Z minute"},
		{" 2019-12-04 00:30 ", "CET", 0, "2019-12-03T23:30:00Z minute"},
		{"2020-06-09 11:00", "CET", 0, "2020-06-09T09:00:00Z minute dst"},
		{"2020-06-09 11:00", "+01:00", 0, "2020-06-09T10:00:00Z minute"},
		{"2020-06-09 11:00", "Europe/Copenhagen", 0, "2020-06-09T09:00:00Z minute dst"},
		{"2020-06-09 11:00 CEST", "UTC", 0, "2020-06-09T09:00:00Z minute"},
		{"2024-04-09 8:40", "UTC", 0, "2024-04-09T08:40:00Z minute"},
		{"2021-12-10   15:40", "UTC", 0, "2021-12-10T15:40:00Z minute"},
		{"2019-01-09T16:13:46+01:00", "UTC", 0, "2019-01-09T15:13:46Z second"},
		{"2019-01-09T16:13:46.5Z", "CET", 0, "2019-01-09T16:13:46Z second"},
		{"2021/06/22 08:21:07", "UTC", 0, "2021-06-22T08:21:07Z second"},
		{"2020-11-17 10:45~", "UTC", 0, "2020-11-17T10:45:00Z minute approximate"},
		{"~2025-03-03 19:30", "UTC", 0, "2025-03-03T19:30:00Z minute approximate"},
		{"2020-10-06 09:00 - 11:00", "CET", 0, "2020-10-06T07:00:00Z minute dst until 2020-10-06T09:00:00Z"},
		{"2022-08-03 12:26-12:??", "UTC", 0, "2022-08-03T12:26:00Z minute"},
		{"2022-08-03 12:26-13:10", "UTC", 0, "2022-08-03T12:26:00Z minute until 2022-08-03T13:10:00Z"},
		{"2022-08-03T12:26-13:00", "UTC", 0, "2022-08-04T01:26:00Z minute"},
		{"2022-08-03 12:26:00-07:00", "UTC", 0, "2022-08-03T19:26:00Z second"},
		{"2022-08-03 12:26+02:00", "UTC", 0, "2022-08-03T10:26:00Z minute"},
		{"2022-08-03 12:26-11:00", "UTC", 0, "2022-08-03T12:26:00Z minute"},
		{"2021-12-10", "UTC", 0, "2021-12-10T00:00:00Z day"},
		{"2019-12-03 --:--", "CET", 0, "2019-12-02T23:00:00Z day"},
		{"2022-06-02 HH:mm", "UTC", 0, "2022-06-02T00:00:00Z day"},
		{"2024-03-13 14:??", "UTC", 0, "2024-03-13T14:00:00Z hour"},
		{"20202-01-16 12:00", "CET", 2020, "2020-01-16T11:00:00Z minute corrected: the year 20202 is read as 2020"},
		{"20202-01-16 12:00", "CET", 0, "the year has five digits"},
		{"20202-01-16 12:00", "CET", 2021, "the year has five digits"},
		{"2024-10-27 02:30", "CET", 0, "2024-10-27T01:30:00Z minute doubt: this hour came twice when clocks went back"},
		{"2024-03-31 02:30", "CET", 0, "2024-03-31T01:30:00Z minute dst doubt: this hour was left out when clocks went forward"},
		{"2022-05-?? HH:mm", "UTC", 0, "the date is not stated in full"},
		{"2021/22-??-?? HH:mm", "UTC", 0, "the date is not stated in full"},
		{"2022-02-?? ??:??", "UTC", 0, "the date is not stated in full"},
		{"22-06-2021 08:00", "UTC", 0, "the date is not stated in full"},
		{"", "UTC", 0, "the date is not stated in full"},
		{"2023-02-29 10:00", "UTC", 0, "there is no such date or time"},
		{"2023-13-01 10:00", "UTC", 0, "there is no such date or time"},
		{"2023-01-01 24:00", "UTC", 0, "there is no such date or time"},
		{"2023-01-01 23:60", "UTC", 0, "there is no such date or time"},
		{"2023-01-01 noonish", "UTC", 0, "the time of day cannot be read"},
		{"2023-01-01 10:00", "", 0, "the time zone is not known"},
		{"2023-01-01 10:00", "Local", 0, "the time zone is not known"},
		{"2023-01-01 10:00", "Nowhere/City", 0, "the time zone is not known"},
		{"2023-01-01 10:00 XYZT", "UTC", 0, "the time zone is not known"},
		{"2023-01-01 10:00 +99:99", "UTC", 0, "the time zone is not known"},
	} {
		r := parseTime(c.text, c.zone, c.year)
		var got string
		if r["time"] == nil {
			got = r["reason"].(string)
		} else {
			got = fmt.Sprint(r["time"], " ", r["precision"])
			for _, flag := range []string{"approximate", "dst"} {
				if r[flag] == true {
					got += " " + flag
				}
			}
			if r["until"] != nil {
				got += fmt.Sprint(" until ", r["until"])
			}
			for _, words := range []string{"corrected", "doubt"} {
				if r[words] != nil {
					got += fmt.Sprint(" ", words, ": ", r[words])
				}
			}
		}
		if got != c.want {
			t.Errorf("parse_time(%q; zone %q, year %d)\n got %s\nwant %s", c.text, c.zone, c.year, got, c.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]any{
		"5 minutes":                 300,
		" 5 minutes ":               300,
		"1 minutes":                 60,
		"19 hours 43 minutes.":      70980,
		"4 hours, 42 minutes":       16920,
		"1 hour and 5 min":          3900,
		"11 Days":                   950400,
		"22 hours":                  79200,
		"279 minutes [^3]":          16740,
		"0 minutes":                 0,
		"1.5h":                      5400,
		"2 weeks":                   1209600,
		"90s":                       90,
		"36525 days":                3155760000,
		"36526 days":                "it is longer than a hundred years",
		"?":                         "nothing is stated",
		"N/A":                       "nothing is stated",
		"":                          "nothing is stated",
		"[^1]":                      "nothing is stated",
		"soon":                      "this is no duration that can be read",
		"5":                         "this is no duration that can be read",
		"5 minutes or so":           "this is no duration that can be read",
		"-5 minutes":                "this is no duration that can be read",
		"5 fortnights":              "the unit is not known",
		"99999999999999999999 days": "it is longer than a hundred years",
	} {
		r := parseDuration(text)
		got := r["seconds"]
		if got == nil {
			got = r["reason"]
			if r["stated"] == (got == "nothing is stated") {
				t.Errorf("%q: stated is %v", text, r["stated"])
			}
		}
		if got != want {
			t.Errorf("parse_duration(%q) = %v, want %v", text, got, want)
		}
	}
}
