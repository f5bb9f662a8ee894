package xsd

import (
	"cmp"
	"strings"
)

// moment is a date, a time or a part of one (XSD 1.0 part 2, sections 3.2.7 to 3.2.14). Parts that a type has not are those of some
// day in a leap year.
type moment struct {
	year                             int64
	month, day, hour, minute, second int64
	fraction                         string // of the second, without zeros at its end
	zoned                            bool
	zone                             int64 // minutes east of UTC
}

// momentLayout gives the parts of a built-in type: Y a year, M D h m two digits, s seconds, other characters themselves.
func momentLayout(builtin string) string {
	switch builtin {
	case "dateTime":
		return "Y-M-DTh:m:s"
	case "date":
		return "Y-M-D"
	case "time":
		return "h:m:s"
	case "gYearMonth":
		return "Y-M"
	case "gYear":
		return "Y"
	case "gMonthDay":
		return "--M-D"
	case "gMonth":
		return "--M"
	case "gDay":
		return "---D"
	}
	return ""
}

func momentExample(builtin string) string {
	switch builtin {
	case "dateTime":
		return "a date and a time such as 2026-01-31T12:30:00Z"
	case "date":
		return "a date such as 2026-01-31"
	case "time":
		return "a time such as 12:30:00"
	case "gYearMonth":
		return "a month of a year such as 2026-01"
	case "gYear":
		return "a year such as 2026"
	case "gMonthDay":
		return "a day of the year such as --01-31"
	case "gMonth":
		return "a month such as --01"
	}
	return "a day of the month such as ---31"
}

// parseMoment reads text by a layout, with a time zone behind it or none.
func parseMoment(layout, text string) (moment, bool) {
	m := moment{year: 2000, month: 1, day: 1}
	for i := range len(layout) {
		ok := false
		switch layout[i] {
		case 'Y':
			m.year, text, ok = cutYear(text)
		case 'M':
			m.month, text, ok = cutPair(text, 1, 12)
		case 'D':
			m.day, text, ok = cutPair(text, 1, 31)
		case 'h':
			m.hour, text, ok = cutPair(text, 0, 24)
		case 'm':
			m.minute, text, ok = cutPair(text, 0, 59)
		case 's':
			m.second, text, ok = cutPair(text, 0, 59)
			m.fraction, text, ok = cutFraction(text, ok)
		default:
			text, ok = strings.CutPrefix(text, layout[i:i+1])
		}
		if !ok {
			return m, false
		}
	}
	midnight := m.hour < 24 || m.minute == 0 && m.second == 0 && m.fraction == ""
	return m, midnight && m.day <= daysOf(m.year, m.month) && m.readZone(text)
}

// cutYear reads a year: four digits, or more without a zero before them. There is no year 0.
func cutYear(text string) (year int64, rest string, ok bool) {
	digits := strings.TrimPrefix(text, "-")
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	// Beyond 12 digits the year could not be counted in seconds.
	if end < 4 || end > 12 || end > 4 && digits[0] == '0' {
		return 0, "", false
	}
	for i := range end {
		year = year*10 + int64(digits[i]-'0')
	}
	if len(digits) < len(text) {
		return -year, digits[end:], year != 0
	}
	return year, digits[end:], year != 0
}

// cutPair reads two digits between two bounds.
func cutPair(text string, least, most int64) (value int64, rest string, ok bool) {
	if len(text) < 2 || !isDigits(text[:2]) {
		return 0, "", false
	}
	value = int64(text[0]-'0')*10 + int64(text[1]-'0')
	return value, text[2:], least <= value && value <= most
}

func cutFraction(text string, ok bool) (fraction, rest string, _ bool) {
	digits, point := strings.CutPrefix(text, ".")
	if !point {
		return "", text, ok
	}
	rest = strings.TrimLeft(digits, "0123456789")
	fraction = digits[:len(digits)-len(rest)]
	return strings.TrimRight(fraction, "0"), rest, ok && fraction != ""
}

// readZone reads what stands behind the parts: nothing, Z, or hours and minutes up to 14:00.
func (m *moment) readZone(text string) bool {
	if text == "" {
		return true
	}
	m.zoned = true
	if text == "Z" {
		return true
	}
	hours, rest, ok := cutPair(text[1:], 0, 14)
	if !ok || !strings.HasPrefix(rest, ":") {
		return false
	}
	minutes, rest, ok := cutPair(rest[1:], 0, 59)
	m.zone = hours*60 + minutes
	if text[0] == '-' {
		m.zone = -m.zone
	}
	return ok && rest == "" && (text[0] == '-' || text[0] == '+') && hours*60+minutes <= 14*60
}

func daysOf(year, month int64) int64 {
	switch month {
	case 2:
		if year < 0 {
			year++ // there is no year 0: the year before 1 is -1, and a leap year
		}
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// seconds counts the seconds from the year 0 in UTC, as far as the zone is known.
func (m moment) seconds() int64 {
	year := m.year
	if year < 0 {
		year++
	}
	return ((days(year, m.month, m.day)*24+m.hour)*60+m.minute-m.zone)*60 + m.second
}

// days counts the days from 0000-03-01 in the Gregorian calendar that is carried on to all years.
func days(year, month, day int64) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return year*365 + floor(year, 4) - floor(year, 100) + floor(year, 400) + (153*(month-3)+2)/5 + day - 1
}

func floor(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// compareMoments orders two moments. It is not ok where only one has a zone and the order depends on that of the other.
func compareMoments(a, b moment) (order int, ok bool) {
	x, y := a.seconds(), b.seconds()
	order = cmp.Or(cmp.Compare(x, y), cmp.Compare(a.fraction, b.fraction))
	if a.zoned == b.zoned {
		return order, true
	}
	const widest = 14 * 3600
	return order, x-y > widest || y-x > widest
}
