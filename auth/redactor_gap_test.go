package auth

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// TestRedactorOverGaps looks for secrets that XML has split, or that stand in the lines of a base64 text.
func TestRedactorOverGaps(t *testing.T) {
	t.Parallel()
	const secret = "it]]>holds-a<key"
	r := NewRedactor()
	r.Add(secret)
	coded := base64.StdEncoding.EncodeToString([]byte("user:" + secret + ":more"))
	inLines := func(size int, end string) string {
		var lines []string
		for rest := coded; rest != ""; rest = rest[min(size, len(rest)):] {
			lines = append(lines, rest[:min(size, len(rest))])
		}
		return strings.Join(lines, end)
	}
	for name, text := range map[string]string{
		"cdata":                "<a><![CDATA[it]]]]><![CDATA[>holds-a<key]]></a>",
		"cdata and text":       "<a>it]]&gt;ho<![CDATA[lds-a<key]]></a>",
		"text and cdata":       "<a><![CDATA[it]]]]>&gt;holds-a&lt;key</a>",
		"after one character":  "<a>i<![CDATA[t]]]]>&gt;holds-a&lt;key</a>",
		"after two":            "<a>it<!-- x -->]]&gt;holds-a&lt;key</a>",
		"many comments":        "<a>i<!---->t<!-- -->]<!-- x -->]&gt;<!----><!---->holds-a&lt;ke<!-- > - -->y</a>",
		"two lines":            inLines(16, "\n"),
		"lines of DOS":         inLines(9, "\r\n"),
		"lines with an indent": inLines(16, "\n\t\t    "),
		"lines in JSON":        inLines(8, `\n`),
		"lines in XML":         inLines(8, "&#13;\n"),
		"lines made one":       inLines(11, " "),
	} {
		if got := r.Text(text); !strings.Contains(got, Mask) || strings.Contains(got, "holds") || strings.Contains(got, "aG9sZHMt"[2:6]) {
			t.Errorf("%s: got %s", name, got)
		}
	}
	for _, text := range []string{"it]] >holds-a<key", "it]]> <!-- x -->holds-a<key", "it]]><!--" + strings.Repeat("x", 300) + "-->holds-a<key", "it]]><holds-a<key"} {
		if got := r.Text(text); got != text {
			t.Errorf("got %s of %s, which is another text", got, text)
		}
	}
}

// TestRedactorHoldsGaps holds that the beginning of a gap is held back until it is known what follows.
func TestRedactorHoldsGaps(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("a-long-secret")
	for _, gap := range []string{"]]>", "<![CDATA[", "<!-- x -->", "]]><![CDATA["} {
		text := "<b>a-long" + gap + "-secret</b>"
		for at := range text {
			var out bytes.Buffer
			w := r.Writer(&out)
			_, _ = w.Write([]byte(text[:at]))
			_, _ = w.Write([]byte(text[at:]))
			_ = w.Flush()
			if got := out.String(); got != "<b>***</b>" {
				t.Errorf("cut at %d of %s: got %s", at, text, got)
			}
		}
	}
}
