package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
)

// shortestInFile is how many bytes must agree before a find in a binary file is no chance.
const shortestInFile = 6

// quick is how many bytes are searched for fast, by the processor's wide instructions.
const quick = 63

// checkHidden fails the test when a secret shows, in any form, in what was written or in a file of the project.
func (u *user) checkHidden(secrets []string) {
	u.t.Helper()
	u.written.mu.Lock()
	defer u.written.mu.Unlock()
	needles := disguisesOf(secrets)
	reportFinds(u.t, "the output", u.written.Bytes(), needles, 0)
	err := filepath.WalkDir(u.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		reportFinds(u.t, filepath.Base(path), content, needles, shortestInFile)
		return err
	})
	if err != nil {
		u.t.Error(err)
	}
}

// reportFinds fails the test for each form of a secret that was found.
func reportFinds(t testing.TB, where string, in []byte, needles map[string]string, shortest int) {
	t.Helper()
	for _, find := range finds(in, needles, shortest) {
		t.Errorf("%s shows a secret, %s", where, find)
	}
}

// finds names the forms in which secrets are found, never the secrets.
func finds(in []byte, needles map[string]string, shortest int) []string {
	var list []string
	for _, needle := range slices.Sorted(maps.Keys(needles)) {
		if len(needle) < shortest || !bytes.Contains(in, []byte(needle)[:min(len(needle), quick)]) {
			continue
		}
		if at := bytes.Index(in, []byte(needle)); at >= 0 {
			list = append(list, fmt.Sprintf("%s, at byte %d, behind %q", needles[needle], at, tail(in[:at])))
		}
	}
	return list
}

func tail(b []byte) []byte { return b[max(0, len(b)-60):] }

// disguisesOf gives the forms in which secrets might show, each with its name.
func disguisesOf(secrets []string) map[string]string {
	needles := map[string]string{}
	for i, secret := range secrets {
		for needle, form := range disguises(secret) {
			if len(needle) >= 3 {
				needles[needle] = "number " + strconv.Itoa(i) + " " + form
			}
		}
	}
	return needles
}

// disguises gives the forms of one secret. It is written without a look at the redactor, which must find them all.
func disguises(secret string) map[string]string {
	var escaped bytes.Buffer
	xml.EscapeText(&escaped, []byte(secret))
	html, _ := json.Marshal(secret)
	goText := strconv.Quote(secret)
	forms := map[string]string{
		escaped.String():                                        "in XML",
		string(html[1 : len(html)-1]):                           "in JSON, escaped for HTML",
		jsonText(secret):                                        "in JSON",
		jsonText(jsonText(secret)):                              "in JSON in JSON",
		goText[1 : len(goText)-1]:                               "as Go writes it",
		strconv.QuoteToASCII(secret):                            "as Go writes it in ASCII",
		url.QueryEscape(secret):                                 "in a form",
		url.PathEscape(secret):                                  "in a path",
		lowerEscapes(url.QueryEscape(secret)):                   "in a form with small letters",
		strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"): "in a query",
		hex.EncodeToString([]byte(secret)):                      "in hexadecimal",
	}
	for _, text := range []string{secret, url.QueryEscape(secret)} {
		for shift := range 3 {
			forms[inBase64(base64.RawStdEncoding, text, shift)] = "in base64, shifted by " + strconv.Itoa(shift)
			forms[inBase64(base64.RawURLEncoding, text, shift)] = "in base64url, shifted by " + strconv.Itoa(shift)
		}
	}
	for line := range strings.SplitSeq(secret, "\n") {
		if len(line) >= 20 && !strings.HasPrefix(line, "-----") {
			forms[line] = "by one of its lines"
		}
	}
	forms[strings.Join(strings.FieldsFunc(secret, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")] = "on one line"
	forms[strings.TrimSpace(secret)] = "trimmed"
	if len(secret) >= 6 {
		forms[inUTF16(secret)] = "in UTF-16"
	}
	if latin, all := inLatin1(secret); all {
		forms[latin] = "in Latin-1"
	}
	forms[secret] = "as it is"
	return forms
}

// jsonText is a text as it stands between the quotes of a JSON string.
func jsonText(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s)
	return strings.Trim(b.String(), "\n")[1 : b.Len()-2]
}

// inUTF16 is a text in UTF-16, the higher byte first, but for that of its first character: the same text with the lower byte first then.
func inUTF16(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return string(b[1 : len(b)-1])
}

// inLatin1 is a text in ISO 8859-1, where that has all its characters.
func inLatin1(s string) (string, bool) {
	var b []byte
	for _, r := range s {
		if r > 0xFF {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '%' {
			copy(b[i:], bytes.ToLower(b[i:i+3]))
		}
	}
	return string(b)
}

// inBase64 gives the characters that depend on the text alone, where shift bytes stand before it in its group of three.
func inBase64(e *base64.Encoding, text string, shift int) string {
	coded := e.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	first := (shift*8 + 5) / 6
	last := (shift + len(text)) * 8 / 6
	return coded[first:last]
}

func TestDisguises(t *testing.T) {
	t.Parallel()
	forms := disguises("a/b+c=<\"&%\n\u00fc")
	for _, text := range []string{
		`"a/b+c=\u003c\"\u0026%\nü"`, "x=a%2Fb%2Bc%3D%3C%22%26%25%0A%C3%BC", "x=a%2fb%2bc%3d%3c%22%26%25%0a%c3%bc", "/a%2Fb+c=%3C%22&%25%0A%C3%BC",
		"612f622b633d3c2226250ac3bc", base64.StdEncoding.EncodeToString([]byte("xya/b+c=<\"&%\n\u00fcz")), base64.URLEncoding.EncodeToString([]byte("xa/b+c=<\"&%\n\u00fc")),
		"<k>a/b+c=&lt;&#34;&amp;%&#xA;ü</k>",
	} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(forms)), func(form string) bool { return strings.Contains(text, form) }) {
			t.Errorf("no form is found in %s", text)
		}
	}
}
