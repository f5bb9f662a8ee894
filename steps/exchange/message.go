package exchange

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"snrun/steps"
)

// ExcerptLength is how many characters of a body an error shows.
const ExcerptLength = 120

// Clean makes text from elsewhere fit for a message of one line: at most n characters, without control characters.
func Clean(s string, n int) string {
	var b strings.Builder
	count, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r) && r != utf8.RuneError {
			space = b.Len() > 0
			continue
		}
		if count >= n {
			return b.String() + "…"
		}
		if space {
			b.WriteByte(' ')
			space = false
			count++
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}

// said gives what the answer says about itself: the text of a usual error envelope, the title of a page, else the first
// characters of the body.
func (t *Trip) said() string {
	data := t.shownBody(defaultRecorded)
	if IsHTML(data) {
		return "an HTML page" + title(string(data))
	}
	if v, err := steps.DecodeJSON(data); err == nil {
		if text := envelope(v); text != "" {
			return Clean(text, 2*ExcerptLength)
		}
	}
	return t.excerpt()
}

// excerpt gives the first characters of the body.
func (t *Trip) excerpt() string {
	data := t.shownBody(defaultRecorded)
	if len(data) > 8*ExcerptLength {
		return Clean(string(data[:8*ExcerptLength])+"…", ExcerptLength)
	}
	return Clean(string(data), ExcerptLength)
}

// envelope finds the text in the error bodies that servers use: {"error": {"message", "detail"}}, {"error",
// "error_description"} (RFC 6749 section 5.2), {"title", "detail"} (RFC 9457), {"message"}, {"errors": […]}.
func envelope(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return envelope(v[0])
		}
	case map[string]any:
		if inner := firstOf(v, "error", "errors"); inner != nil {
			if text := envelope(inner); text != "" {
				return joined(text, textIn(v, "error_description", "message"))
			}
		}
		return joined(textIn(v, "title", "message", "error_message", "msg"), textIn(v, "detail", "description", "details"))
	}
	return ""
}

func firstOf(m map[string]any, names ...string) any {
	for _, name := range names {
		if m[name] != nil {
			return m[name]
		}
	}
	return nil
}

func textIn(m map[string]any, names ...string) string {
	for _, name := range names {
		if s, ok := m[name].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

func joined(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return a + ": " + b
}

// title gives the title of an HTML page, quoted.
func title(page string) string {
	lower := strings.ToLower(page)
	start := strings.Index(lower, "<title>")
	if start < 0 || len(lower) != len(page) {
		return ""
	}
	text, _, found := strings.Cut(page[start+len("<title>"):], "<")
	if !found {
		return ""
	}
	return fmt.Sprintf(" titled %q", Clean(text, ExcerptLength))
}

// SizeText writes a size as a job file would.
func SizeText(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "KB"}} {
		if n >= unit.size && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
