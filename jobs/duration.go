package jobs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// ParseDuration reads a duration as job files write it: Go's form (90s, 1h30m, 1.5h) plus d for 24 hours and w for 7
// days (1d12h, 2w). A sign, a number without a unit, and more than the 292 years a duration can hold are errors that say
// what to write.
func ParseDuration(s string) (time.Duration, error) {
	if s == "" {
		return 0, fmt.Errorf("the duration is empty; write one such as 90s, 6h or 2d")
	}
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("%q is negative; a duration is not", s)
	}
	var total time.Duration
	for rest := s; rest != ""; {
		number, unit, after := cutPart(rest)
		part, err := durationPart(s, number, unit)
		if err != nil {
			return 0, err
		}
		if part > math.MaxInt64-total {
			return 0, fmt.Errorf("%q is more than a duration can hold, which is 292 years", s)
		}
		total, rest = total+part, after
	}
	return total, nil
}

// cutPart splits a number and its unit off the start of s.
func cutPart(s string) (number, unit, after string) {
	isNumber := func(r rune) bool { return r >= '0' && r <= '9' || r == '.' }
	end := strings.IndexFunc(s, func(r rune) bool { return !isNumber(r) })
	if end < 0 {
		return s, "", ""
	}
	number, s = s[:end], s[end:]
	if end = strings.IndexFunc(s, isNumber); end < 0 {
		end = len(s)
	}
	return number, s[:end], s[end:]
}

// durationPart gives the length of one number with its unit; s is the whole text, for messages.
func durationPart(s, number, unit string) (time.Duration, error) {
	if unit == "" && number == s {
		return 0, fmt.Errorf("%q has no unit; write %ss, %sm or %sh", s, s, s, s)
	}
	goUnit, times := unit, time.Duration(1)
	switch unit {
	case "d":
		goUnit, times = "h", 24
	case "w":
		goUnit, times = "h", 7*24
	case "h", "m", "s", "ms", "us", "µs", "μs", "ns":
	default:
		return 0, fmt.Errorf("%q is no duration; write numbers with the units w, d, h, m, s and ms, such as 90s, 6h or 1d12h", s)
	}
	part, err := time.ParseDuration(number + goUnit)
	switch {
	case err != nil && strings.Trim(number, "0123456789") == "" && number != "", part > math.MaxInt64/times:
		return 0, fmt.Errorf("%q is more than a duration can hold, which is 292 years", s)
	case err != nil:
		return 0, fmt.Errorf("%q is no duration: %q is no number; write one such as 90s, 6h or 1d12h", s, number)
	}
	return part * times, nil
}

// FormatDuration writes a duration for people, rounded to what they care about: 450ms, 1.5s, 1m30s, 2h5m, 2d4h.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		return "-" + FormatDuration(-max(d, -math.MaxInt64))
	}
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < time.Minute:
		d = d.Round(100 * time.Millisecond)
	case d < time.Hour:
		d = d.Round(time.Second)
	case d < day:
		d = d.Round(time.Minute)
	default:
		d = min(d, math.MaxInt64-time.Hour).Round(time.Hour) // the longest of all cannot be rounded up
	}
	var out strings.Builder
	for _, unit := range [...]struct {
		size time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&out, "%d%s", n, unit.name)
			d -= n * unit.size
		}
	}
	if d > 0 || out.Len() == 0 {
		out.WriteString(d.String())
	}
	return out.String()
}

// ParseSize reads a size in bytes: a whole number with the unit B, KB, MB, GB or TB (powers of 1024), or without one.
func ParseSize(s string) (int64, error) {
	number := strings.TrimRight(s, "BKMGT")
	shift, known := map[string]int{"": 0, "B": 0, "KB": 10, "MB": 20, "GB": 30, "TB": 40}[s[len(number):]]
	if !known || number == "" || strings.Trim(number, "0123456789") != "" {
		return 0, fmt.Errorf("%q is no size; write a whole number and B, KB, MB, GB or TB without a space, such as 64KB", s)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is more than a size can hold, which is 8388607TB", s)
	}
	return n << shift, nil
}
