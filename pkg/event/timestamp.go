package event

import "time"

// Times outside these bounds are refused: they are units mistaken or clocks
// unset, and ClickHouse cannot keep them all.
const (
	minMillis Millis = 315532800000  // 1980-01-01T00:00:00Z
	maxMillis Millis = 7258118400000 // 2200-01-01T00:00:00Z, exclusive
)

func inBounds(t Millis) bool { return t >= minMillis && t < maxMillis }

// parseTime reads an RFC 3339 date-time and cuts it to milliseconds, towards the
// past. A leap second is the first second of the next minute. It accepts what the
// format date-time of JSON Schema accepts, in the years 0 to 9999.
func parseTime(s string) (Millis, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	hour, ok4 := digits(s[11:13])
	minute, ok5 := digits(s[14:16])
	second, ok6 := digits(s[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) ||
		month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	rest, millis := s[19:], 0
	if rest[0] == '.' {
		n := 1
		for scale := 100; n < len(rest) && rest[n] >= '0' && rest[n] <= '9'; n++ {
			millis += int(rest[n]-'0') * scale
			scale /= 10
		}
		if n == 1 {
			return 0, false
		}
		rest = rest[n:]
	}
	offset, ok := parseOffset(rest)
	if !ok || second == 60 && !leapSecond(hour, minute, offset) {
		return 0, false
	}
	seconds := daysSinceEpoch(year, month, day)*86400 + int64(hour*3600+minute*60+second-offset*60)
	return Millis(seconds*1000 + int64(millis)), true
}

// parseOffset reads "Z" or "+hh:mm" and gives minutes east of UTC.
func parseOffset(s string) (minutes int, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok1 := digits(s[1:3])
	m, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	if s[0] == '-' {
		return -(h*60 + m), true
	}
	return h*60 + m, true
}

// leapSecond says whether second 60 can exist: only at the end of a UTC day.
func leapSecond(hour, minute, offset int) bool {
	return ((hour*60+minute-offset)%1440+1440)%1440 == 1439
}

func digits(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSinceEpoch counts days from 1970-01-01 in the Gregorian calendar, by Howard
// Hinnant's days_from_civil (https://howardhinnant.github.io/date_algorithms.html).
func daysSinceEpoch(year, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yoe := year - era*400
	doy := (153*((month+9)%12)+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}

// formatTime writes t as RFC 3339 in UTC with milliseconds.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
