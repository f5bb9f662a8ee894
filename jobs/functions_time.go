package jobs

import (
	"time"
)

// timeFunctions work on times. A time becomes text as RFC 3339.
func timeFunctions() []Function {
	return []Function{
		{Signature: "date(text: text|time, layout?: text, timezone?: text) time", Doc: "The time that a text names. Without a layout, RFC 3339, `2006-01-02`, `2006-01-02 15:04:05` and mail dates are read; without a zone, they count as UTC. A layout shows how Go's reference time, `2006-01-02 15:04:05 -0700`, would be written.", Example: `date("31.12.2025", "02.01.2006")`, Result: `"2025-12-31T00:00:00Z"`, call: date},
		{Signature: "formatDate(time: time|text, layout: text, timezone?: text) text", Doc: "A time as text, in the layout and the zone given.", Example: `formatDate("2026-01-02T23:30:00Z", "2006-01-02 15:04", "Europe/Berlin")`, Result: `"2026-01-03 00:30"`, call: formatDate},
		{Signature: "duration(text: text) duration", Doc: "The duration of a text such as `90s`, `6h` or `7d`, to add to a time or to compare with.", Example: `date(run.started) - duration("24h")`, call: duration},
		{Signature: "unix(time: time|text) int", Doc: "The seconds since 1970-01-01 00:00:00 UTC.", Example: `unix("1970-01-02T00:00:00Z")`, Result: "86400", call: unix},
		{Signature: "fromUnix(seconds: number) time", Doc: "The time so many seconds after 1970-01-01 00:00:00 UTC.", Example: `fromUnix(86400)`, Result: `"1970-01-02T00:00:00Z"`, call: fromUnix},
		{Signature: "seconds(duration: duration) number", Doc: "The length of a duration in seconds.", Example: `seconds(duration("1m"))`, Result: "60",
			call: func(a []any) (any, error) { return a[0].(time.Duration).Seconds(), nil }},
	}
}

// refusedFunctions are known so that it can be said what to write instead.
func refusedFunctions() []Function {
	clock := "expressions have no clock, so that a run can be repeated exactly; write run.started, or run.due for the time a schedule meant"
	chance := "expressions have no randomness, so that a run can be repeated exactly; write run.id where something must be unique"
	return []Function{
		{Signature: "now() time", instead: clock},
		{Signature: "today() time", instead: clock},
		{Signature: "timezone(name: text) any", instead: `give the zone's name to date or formatDate: formatDate(…, "15:04", "Europe/Berlin")`},
		{Signature: "uuid() text", instead: chance},
		{Signature: "random() number", instead: chance},
		{Signature: "default(value: any, other: any) any", instead: "write value ?? other"},
		{Signature: "length(value: any) int", instead: "write len(value)"},
		{Signature: "substring(text: text, from: int, to: int) text", instead: "write text[from:to]"},
	}
}

// methodFunctions are what can be called on a time, as expr's own documentation shows it: date(…).Year().
func methodFunctions() []Function {
	of := func(signature string, get func(t time.Time) any) Function {
		return Function{Signature: signature, call: func(a []any) (any, error) { return get(a[0].(time.Time)), nil }}
	}
	return []Function{
		of(".Year(time: time) int", func(t time.Time) any { return t.Year() }),
		of(".Month(time: time) int", func(t time.Time) any { return int(t.Month()) }),
		of(".Day(time: time) int", func(t time.Time) any { return t.Day() }),
		of(".Hour(time: time) int", func(t time.Time) any { return t.Hour() }),
		of(".Minute(time: time) int", func(t time.Time) any { return t.Minute() }),
		of(".Second(time: time) int", func(t time.Time) any { return t.Second() }),
		of(".Weekday(time: time) text", func(t time.Time) any { return t.Weekday().String() }),
		of(".YearDay(time: time) int", func(t time.Time) any { return t.YearDay() }),
		of(".Unix(time: time) int", func(t time.Time) any { return int(t.Unix()) }),
		of(".UnixMilli(time: time) int", func(t time.Time) any { return int(t.UnixMilli()) }),
		of(".UTC(time: time) time", func(t time.Time) any { return t.UTC() }),
		{Signature: ".Format(time: time, layout: text) text", call: func(a []any) (any, error) { return a[0].(time.Time).Format(a[1].(string)), nil }},
		{Signature: ".AddDate(time: time, years: int, months: int, days: int) time", call: func(a []any) (any, error) {
			return a[0].(time.Time).AddDate(a[1].(int), a[2].(int), a[3].(int)), nil
		}},
		{Signature: ".Hours(duration: duration) number", call: func(a []any) (any, error) { return a[0].(time.Duration).Hours(), nil }},
		{Signature: ".Minutes(duration: duration) number", call: func(a []any) (any, error) { return a[0].(time.Duration).Minutes(), nil }},
		{Signature: ".Seconds(duration: duration) number", call: func(a []any) (any, error) { return a[0].(time.Duration).Seconds(), nil }},
	}
}

func date(a []any) (any, error) {
	if t, ok := a[0].(time.Time); ok {
		return t, nil
	}
	zone := time.UTC
	if len(a) == 3 {
		var err error
		if zone, err = zoneOf(a[2].(string), "{3}"); err != nil {
			return nil, err
		}
	}
	if len(a) == 1 {
		return timeOf(a[0])
	}
	t, err := time.ParseInLocation(a[1].(string), a[0].(string), zone)
	if err != nil {
		return nil, &fault{text: "{1} is not written as the layout {2} says", hint: "a layout shows how 2006-01-02 15:04:05 would be written"}
	}
	return t, nil
}

// timeOf gives a time or reads one in the usual ways of writing it.
func timeOf(v any) (time.Time, error) {
	if t, ok := v.(time.Time); ok {
		return t, nil
	}
	for _, layout := range []string{
		time.RFC3339, time.DateTime, time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04:05.999999999Z0700",
		"2006-01-02 15:04:05Z07:00", time.RFC1123, time.RFC1123Z, time.RFC850, time.RFC822, time.RFC822Z,
	} {
		if t, err := time.Parse(layout, v.(string)); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &fault{text: "{1} is text that names no time", hint: `write date({1}, "02.01.2006 15:04") with the layout that it has`}
}

func zoneOf(name, operand string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		return nil, &fault{text: operand + " names no time zone", hint: "zones are named like Europe/Berlin, or UTC"}
	}
	return zone, nil
}

func formatDate(a []any) (any, error) {
	t, err := timeOf(a[0])
	if err != nil {
		return nil, err
	}
	if len(a) == 3 {
		zone, err := zoneOf(a[2].(string), "{3}")
		if err != nil {
			return nil, err
		}
		t = t.In(zone)
	}
	return t.Format(a[1].(string)), nil
}

func duration(a []any) (any, error) {
	d, err := ParseDuration(a[0].(string))
	if err != nil {
		return nil, &fault{text: "{1} is text that names no duration", hint: "durations are written like 90s, 6h or 1d12h"}
	}
	return d, nil
}

func unix(a []any) (any, error) {
	t, err := timeOf(a[0])
	if err != nil {
		return nil, err
	}
	return int(t.Unix()), nil
}

func fromUnix(a []any) (any, error) {
	f, _ := floatOf(a[0])
	if !(f > -1e11 && f < 1e12) {
		return nil, &fault{text: "{1} is beyond all calendars", hint: "the number counts seconds; write {1} / 1000 for milliseconds"}
	}
	whole := int64(f)
	return time.Unix(whole, int64((f-float64(whole))*1e9)).UTC(), nil
}
