// Package words writes durations, times, counts and sizes for people, on a terminal as on a page, and makes what came from elsewhere
// safe to show there.
package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Clean makes a text that came from elsewhere safe to show: what could steer a terminal or turn the direction of
// writing becomes "�", and so do Unicode's own line ends, which YAML goes by; a tab becomes a space. Line ends stay.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r == '\r':
			return -1
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.In(r, unicode.Zl, unicode.Zp):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// InLine gives a text cleaned, and in one line.
func InLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// FirstLine gives the first line of a text, cleaned, with "…" where more follows.
func FirstLine(s string) string {
	line, rest, more := strings.Cut(strings.TrimSpace(Clean(s)), "\n")
	if more && strings.TrimSpace(rest) != "" {
		return strings.TrimRight(line, " ") + " …"
	}
	return line
}

// Span writes a duration as short as a person reads it: 0ms, 212ms, 1.2s, 48s, 3m04s, 2h05m, 3d4h.
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "0ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}

// Ago says how long before now a time was: "just now", "5 minutes ago", "3 hours ago", "2 days ago".
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 0:
		return "in " + Span(-d)
	case d < 5*time.Second:
		return "just now"
	case d < time.Minute:
		return Plural(int(d.Seconds()), "second") + " ago"
	case d < time.Hour:
		return Plural(int(d.Minutes()), "minute") + " ago"
	case d < 24*time.Hour:
		return Plural(int(d.Hours()), "hour") + " ago"
	}
	return Plural(int(d.Hours())/24, "day") + " ago"
}

// Plural counts things: "1 page", "4,000 pages".
func Plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ry"):
		return Thousands(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return Thousands(n) + " " + noun + "s"
}

// Thousands writes a number with its Thousands set apart: 1,000,000.
func Thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Size writes a number of bytes in powers of 1024: "812 B", "1.2 KB", "10 MB". A negative one is not known: "?".
func Size(n int64) string {
	if n < 0 {
		return "?"
	}
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	units := []string{"KB", "MB", "GB", "TB"}
	v, u := float64(n)/1024, 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s", v, units[u])
	}
	return fmt.Sprintf("%.0f %s", v, units[u])
}

// Argument writes an argument so that a shell takes it as one word.
func Argument(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@%+=,", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
