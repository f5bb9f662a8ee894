package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// clean makes a text that came from elsewhere safe to show: what could steer a terminal or turn the direction of
// writing becomes "�", and so do Unicode's own line ends, which YAML goes by; a tab becomes a space. Line ends stay.
func clean(s string) string {
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

// inLine gives a text cleaned, and in one line.
func inLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// firstLine gives the first line of a text, cleaned, with "…" where more follows.
func firstLine(s string) string {
	line, rest, more := strings.Cut(strings.TrimSpace(clean(s)), "\n")
	if more && strings.TrimSpace(rest) != "" {
		return strings.TrimRight(line, " ") + " …"
	}
	return line
}

// cells is how many columns of a terminal a cleaned text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a text to at most n columns; "…" stands for what is left out.
func cut(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if cells(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeCells(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// pad fills a text up with spaces to n columns; a longer one stays as it is.
func pad(s string, n int) string {
	if missing := n - cells(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// padLeft fills a text up at its start.
func padLeft(s string, n int) string {
	if missing := n - cells(s); missing > 0 {
		return strings.Repeat(" ", missing) + s
	}
	return s
}

// wrap breaks a text into lines of at most n columns, at spaces where it can. Line ends of the text stay.
func wrap(s string, n int) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		lines = append(lines, wrapLine(paragraph, n)...)
	}
	return lines
}

func wrapLine(s string, n int) []string {
	var lines []string
	for cells(s) > n && n > 0 {
		end, used, space := 0, 0, 0
		for i, r := range s {
			if used += runeCells(r); used > n && i > 0 {
				end = i
				break
			}
			if r == ' ' && i > 0 {
				space = i
			}
		}
		if end == 0 {
			break
		}
		if space > 0 && s[end] != ' ' {
			end = space
		}
		lines = append(lines, strings.TrimRight(s[:end], " "))
		s = strings.TrimLeft(s[end:], " ")
	}
	return append(lines, s)
}

// span writes a duration as short as a person reads it: 0ms, 212ms, 1.2s, 48s, 3m04s, 2h05m, 3d4h.
func span(d time.Duration) string {
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

// ago says how long before now a time was: "just now", "5 minutes ago", "3 hours ago", "2 days ago".
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 0:
		return "in " + span(-d)
	case d < 5*time.Second:
		return "just now"
	case d < time.Minute:
		return plural(int(d.Seconds()), "second") + " ago"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute") + " ago"
	case d < 24*time.Hour:
		return plural(int(d.Hours()), "hour") + " ago"
	}
	return plural(int(d.Hours())/24, "day") + " ago"
}

// plural counts things: "1 page", "4,000 pages".
func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ry"):
		return thousands(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return thousands(n) + " " + noun + "s"
}

// size writes a number of bytes in powers of 1024: "812 B", "1.2 KB", "10 MB". A negative one is not known: "?".
func size(n int64) string {
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
