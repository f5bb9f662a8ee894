package xsd

import (
	"cmp"
	"strings"
)

// span is a duration (XSD 1.0 part 2, section 3.2.6): months and seconds, which cannot be counted in each other.
type span struct {
	negative        bool
	months, seconds int64
	fraction        string // of the seconds, without zeros at its end
}

// maxSpan bounds each part of a duration, so that all of them can be counted in seconds.
const maxSpan = 1_000_000_000

// parseDuration reads a duration such as P1Y2M3DT4H5M6.7S.
func parseDuration(text string) (span, bool) {
	var s span
	text, s.negative = strings.CutPrefix(text, "-")
	text, ok := strings.CutPrefix(text, "P")
	date, clock, hasClock := strings.Cut(text, "T")
	if !ok || hasClock && clock == "" || date == "" && clock == "" {
		return s, false
	}
	date, ok = s.read(date, []unit{{'Y', &s.months, 12}, {'M', &s.months, 1}, {'D', &s.seconds, 86400}})
	if !ok || date != "" {
		return s, false
	}
	clock, ok = s.read(clock, []unit{{'H', &s.seconds, 3600}, {'M', &s.seconds, 60}, {'S', &s.seconds, 1}})
	return s, ok && clock == ""
}

// unit is a part of a duration, and how much it counts of what.
type unit struct {
	letter byte
	sum    *int64
	factor int64
}

// read reads numbers with units behind them, each unit once and in order.
func (s *span) read(text string, units []unit) (rest string, ok bool) {
	for text != "" {
		rest := strings.TrimLeft(text, "0123456789")
		digits := text[:len(text)-len(rest)]
		fraction := ""
		after, point := strings.CutPrefix(rest, ".")
		if point {
			rest = strings.TrimLeft(after, "0123456789")
			fraction = after[:len(after)-len(rest)]
		}
		if digits == "" || rest == "" || point && fraction == "" {
			return text, false
		}
		for len(units) > 0 && units[0].letter != rest[0] {
			units = units[1:]
		}
		if len(units) == 0 || point && rest[0] != 'S' {
			return text, false
		}
		*units[0].sum += min(clipped(digits), maxSpan) * units[0].factor
		s.fraction = strings.TrimRight(fraction, "0")
		text, units = rest[1:], units[1:]
	}
	return "", true
}

// clipped gives the number that digits are, at most a little more than maxSpan.
func clipped(digits string) int64 {
	var value int64
	for i := range len(digits) {
		value = min(value*10+int64(digits[i]-'0'), maxSpan+1)
	}
	return value
}

// compareSpans orders two durations by four dates at which months have all their lengths. It is not ok where these differ.
func compareSpans(a, b span) (order int, ok bool) {
	if a.negative && b.negative {
		a, b = b, a
	} else if a.negative != b.negative {
		zero := span{}
		x, y := compareSame(a, zero), compareSame(b, zero)
		if x == 0 && y == 0 {
			return 0, true
		}
		return cmp.Compare(sign(a.negative), sign(b.negative)), true
	}
	order, ok = 0, true
	for i, from := range [][2]int64{{1696, 9}, {1697, 2}, {1903, 3}, {1903, 7}} {
		at := cmp.Or(cmp.Compare(a.after(from), b.after(from)), cmp.Compare(a.fraction, b.fraction))
		ok = ok && (i == 0 || at == order)
		order = at
	}
	return order, ok
}

func sign(negative bool) int {
	if negative {
		return -1
	}
	return 1
}

func compareSame(a, b span) int {
	return cmp.Or(cmp.Compare(a.months, b.months), cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.fraction, b.fraction))
}

// after gives the seconds at which a duration ends that begins with a month.
func (s span) after(from [2]int64) int64 {
	months := from[0]*12 + from[1] - 1 + s.months
	return days(months/12, months%12+1, 1)*86400 + s.seconds
}
