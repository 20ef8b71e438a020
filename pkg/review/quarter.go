package review

import (
	"fmt"
	"strconv"
	"time"
)

// Quarter is a calendar quarter in UTC.
type Quarter struct {
	Year   int
	Number int // 1 to 4
}

// ParseQuarter reads "2026-Q3". The error says what is wrong and how to write it.
func ParseQuarter(s string) (Quarter, error) {
	const form = "a quarter is written as 2026-Q3, with Q1 to Q4"
	if len(s) != 7 || s[4] != '-' || s[5] != 'Q' {
		return Quarter{}, fmt.Errorf("%q is not a quarter: %s", s, form)
	}
	year, err := strconv.ParseUint(s[:4], 10, 16)
	if err != nil || year == 0 {
		return Quarter{}, fmt.Errorf("%q is not a quarter: the year is four digits; %s", s, form)
	}
	if s[6] < '1' || s[6] > '4' {
		return Quarter{}, fmt.Errorf("%q is not a quarter: there is no Q%c; %s", s, s[6], form)
	}
	return Quarter{Year: int(year), Number: int(s[6] - '0')}, nil
}

// QuarterOf is the quarter that holds a moment, given in milliseconds.
func QuarterOf(millis int64) Quarter {
	t := time.UnixMilli(millis).UTC()
	return Quarter{Year: t.Year(), Number: (int(t.Month())-1)/3 + 1}
}

func (q Quarter) String() string { return fmt.Sprintf("%04d-Q%d", q.Year, q.Number) }

// Start is the first moment of the quarter.
func (q Quarter) Start() time.Time {
	return time.Date(q.Year, time.Month(3*q.Number-2), 1, 0, 0, 0, 0, time.UTC)
}

// End is the first moment after the quarter.
func (q Quarter) End() time.Time { return q.Start().AddDate(0, 3, 0) }

// Holds says whether a moment, in milliseconds, lies in the quarter.
func (q Quarter) Holds(millis int64) bool {
	return millis != 0 && millis >= q.Start().UnixMilli() && millis < q.End().UnixMilli()
}

// index numbers quarters so that neighbours differ by one.
func (q Quarter) index() int { return 4*q.Year + q.Number - 1 }

func quarterAt(index int) Quarter { return Quarter{Year: index / 4, Number: index%4 + 1} }
