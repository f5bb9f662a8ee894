package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

// hard has characters that every escaping changes.
const hard = "p/a+s w=\"ö\\&<%é\n😀'z"

func redactorOf(secrets ...string) *Redactor {
	r := NewRedactor()
	for _, s := range secrets {
		r.Add(s)
	}
	return r
}

// escapings are what becomes of a text on its way out.
func escapings(t testing.TB, s string) map[string]string {
	t.Helper()
	quoted, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		t.Fatal(err)
	}
	var asXML bytes.Buffer
	if err := xml.EscapeText(&asXML, []byte(s)); err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	query := url.QueryEscape(s)
	var everyByte, everyUnit strings.Builder
	for _, b := range []byte(s) {
		fmt.Fprintf(&everyByte, "%%%02x", b)
	}
	for _, r := range s {
		if r < 0x10000 {
			fmt.Fprintf(&everyUnit, `\u%04X`, r)
		} else {
			everyUnit.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return map[string]string{
		"raw":             s,
		"query":           query,
		"query lower":     lowerHex(query),
		"path":            url.PathEscape(s),
		"component":       strings.ReplaceAll(query, "+", "%20"),
		"every byte":      everyByte.String(),
		"every character": everyUnit.String(),
		"JSON":            string(quoted),
		"JSON ASCII":      `"` + ascii(s) + `"`,
		"JSON plain":      plain.String(),
		"JSON slashes":    strings.ReplaceAll(plain.String(), "/", `\/`),
		"JSON in JSON":    string(twice),
		"plain in JSON":   fmt.Sprintf("%q", strings.TrimSpace(plain.String())),
		"plain in ASCII":  ascii(strings.TrimSpace(plain.String())),
		"ASCII in ASCII":  ascii(strings.ReplaceAll(ascii(s), `\u000a`, `\n`)),
		"Go %q":           fmt.Sprintf("%q", s),
		"Go %+q":          fmt.Sprintf("%+q", s),
		"XML":             asXML.String(),
		"HTML":            html.EscapeString(s),
		"form in JSON":    fmt.Sprintf("%q", "a="+query),
		"base64":          base64.StdEncoding.EncodeToString([]byte(s)),
		"base64 URL":      base64.RawURLEncoding.EncodeToString([]byte(s)),
		"base64 in query": url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))),
		"base64 of query": base64.StdEncoding.EncodeToString([]byte(query)),
	}
}

// ascii escapes as the JSON encoders do that write nothing but ASCII.
func ascii(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		switch {
		case unit == '"' || unit == '\\':
			b.WriteString(`\` + string(rune(unit)))
		case unit < ' ' || unit > '~':
			fmt.Fprintf(&b, `\u%04x`, unit)
		default:
			b.WriteByte(byte(unit))
		}
	}
	return b.String()
}

func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

func TestRedactorMasksEveryEscaping(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{hard, "correct horse battery", "0123456789abcdef", "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0B\n-----END KEY-----\n"} {
		r := redactorOf(secret)
		for how, escaped := range escapings(t, secret) {
			got := r.Text("before " + escaped + " after")
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
				t.Errorf("%s: %q lost what stands around the secret", how, got)
			}
			// Quotes may stand around it, a line break behind it.
			middle := strings.TrimSuffix(strings.TrimPrefix(got, "before "), " after")
			if rest := strings.Trim(middle, "\"\\\n"); rest != "***" && rest != "a=***" {
				t.Errorf("%s: got %q, want only the mask", how, middle)
			}
			if asBytes := r.Bytes([]byte("before " + escaped + " after")); string(asBytes) != got {
				t.Errorf("%s: Bytes gave %q, Text %q", how, asBytes, got)
			}
			if !r.Contains([]byte(escaped)) {
				t.Errorf("%s: not contained", how)
			}
		}
	}
}

func TestRedactorMasksWithinBase64(t *testing.T) {
	t.Parallel()
	const secret = "kD8?>~~tunnel-ÿÿ"
	r := redactorOf(secret)
	for before := range 6 {
		for after := range 4 {
			text := strings.Repeat("u", before) + secret + strings.Repeat("v", after)
			for name, enc := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw": base64.RawStdEncoding} {
				encoded := enc.EncodeToString([]byte(text))
				got := r.Text(encoded)
				// What is left may hold some bits of a byte next to the neighbour, never a byte of the secret.
				left, _ := base64.RawStdEncoding.DecodeString(strings.SplitN(got, Mask, 2)[0])
				if !strings.Contains(got, Mask) || len(left) > before {
					t.Errorf("%s, %d before and %d after: got %q", name, before, after, got)
				}
				if behind := strings.TrimRight(got[strings.LastIndex(got, Mask)+3:], "="); len(behind) > after*4/3+2 {
					t.Errorf("%s, %d before and %d after: got %q, a tail is left", name, before, after, got)
				}
			}
		}
	}
}

func TestRedactorLeavesNoTail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		secrets []string
		in, out string
	}{
		{"longer first", []string{"hunter", "hunter2-and-more"}, "x hunter2-and-more y", "x *** y"},
		{"shorter added last", []string{"hunter2-and-more", "hunter"}, "x hunter2-and-more y", "x *** y"},
		{"the shorter alone", []string{"hunter2-and-more", "hunter"}, "x hunter2-and y", "x ***2-and y"},
		{"overlapping", []string{"abcdefgh", "fghijklm"}, "x abcdefghijklm y", "x *** y"},
		{"touching", []string{"abcdefgh", "12345678"}, "x abcdefgh12345678 y", "x ****** y"},
		{"one inside the other", []string{"abcdefgh", "cde"}, "abcdefgh cde", "*** ***"},
		{"repeated beginning", []string{"aaaab"}, "aaaaaaab", "aaa***"},
		{"one character", []string{"7"}, "a7b77", "a***b******"},
		{"at both ends", []string{"sec"}, "sec-sec", "***-***"},
		{"cut short", []string{"secret"}, "secre", "secre"},
		{"an escape cut short", []string{"a/b"}, "a%2", "a%2"},
		{"looks escaped", []string{"100%25 sure"}, "100%25 sure, 100%2525+sure", "***, ***"},
		{"backslashes", []string{`\\srv\c`}, `\\srv\c "\\\\srv\\c"`, `*** "***"`},
		{"many backslashes", []string{strings.Repeat(`\`, 60) + "x"}, strings.Repeat(`\`, 59) + "y", strings.Repeat(`\`, 59) + "y"},
		{"cut by an ellipsis", []string{"secret"}, "a secr… b sec… …secret", "a ***… b sec… …***"},
		{"an escape cut by an ellipsis", []string{"a/b/c/d"}, "a%2Fb%2Fc%…", "***…"},
		{"an ellipsis in it", []string{"sec…ret"}, "a sec…ret b", "a *** b"},
		{"base64 cut by an ellipsis", []string{"hunter2-and-more"}, "Basic aHVudGVyMi1hbm…", "Basic ***…"},
		{"white space around it", []string{" pass \n"}, "x-pass-y pass \n", "x-***-y***"},
		{"half a surrogate", []string{"😀"}, `\ud83d \ud83dx \ud83d\ude00`, `\ud83d \ud83dx ***`},
		{"empty and blank", []string{"", " ", "\n\t"}, "a b\n\tc", "a b\n\tc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := redactorOf(tt.secrets...).Text(tt.in); got != tt.out {
				t.Errorf("got %q, want %q", got, tt.out)
			}
		})
	}
}

func TestRedactorCut(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, out string }{
		{"nothing of it", "plain text", "plain text"},
		{"all of it", "x secret-and-more", "x ***"},
		{"in the middle", "x secret-and-more y", "x *** y"},
		{"its beginning at the end", "x secret-a", "x ***"},
		{"whole, then its beginning", "x secret-and-moresecret", "x ******"},
		{"too little of it", "x sec", "x sec"},
		{"too little of it behind all of it", "secret-and-more sec", "*** sec"},
		{"its beginning before the end", "secret-a y", "secret-a y"},
	}
	for _, tt := range tests {
		if got := string(redactorOf("secret-and-more").Cut([]byte(tt.in))); got != tt.out {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.out)
		}
	}
}

func TestRedactorTellsWhatIsMasked(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("hush-hush")
	r.Add("say hush")
	got := r.In("they say hush-hush, hush%2Dhush and hush")
	if want := []string{"say hush", "hush-hush", "hush%2Dhush"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRedactorMasksOnOneLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ secret, text, want string }{
		{"first\n\tsecond", "a first second b", "a *** b"},
		{"one\x01\x1btwo\u200bthree", "a one two three b", "a *** b"},
		{"one\x01\x1btwo\u200bthree", "a one  two three b", "a *** b"},
		{"\x01x\x02", "a x b", "a x b"},
	} {
		if got := redactorOf(c.secret).Text(c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.secret, got, c.want)
		}
	}
}

func TestRedactorMasksLinesOfASecret(t *testing.T) {
	t.Parallel()
	r := redactorOf("-----BEGIN PRIVATE KEY-----\r\nMIIEvQIBADANBgkqhkiG9w0BAQEF\r\nshort\r\n-----END PRIVATE KEY-----\r\n")
	got := r.Text("-----BEGIN PRIVATE KEY-----|MIIEvQIBADANBgkqhkiG9w0BAQEF|short")
	if want := "-----BEGIN PRIVATE KEY-----|***|short"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAddDerivedSparesWhatIsPlain(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"abc": false, "äöü": false, "true": false, "false": false, "null": false, "1234567": false, "-12.5": false, "1e300": false,
		"abcd": true, "12345678": true, "truest": true, "12 34": true,
	} {
		r := NewRedactor()
		r.AddDerived(value)
		if got := r.Contains([]byte(value)); got != want {
			t.Errorf("%q masked: got %v, want %v", value, got, want)
		}
	}
}

func TestRedactorForgets(t *testing.T) {
	t.Parallel()
	r := redactorOf("token-one-is-long", "token-two-is-long", "token-two-is-long")
	r.forget("token-one-is-long")
	r.forget("token-two-is-long")
	got := r.Text("token-one-is-long token-two-is-long")
	if want := "token-one-is-long ***"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Not parallel: it counts allocations.
func TestRedactorGivesBackWhatIsClean(t *testing.T) {
	r := redactorOf("secret-one")
	in := []byte("nothing of the kind")
	if got := r.Bytes(in); &got[0] != &in[0] {
		t.Error("Bytes copied a text without secrets")
	}
	m := map[string]any{"a": []any{"x", 1, nil}}
	if got := r.Value(m); reflect.ValueOf(got).Pointer() != reflect.ValueOf(m).Pointer() {
		t.Error("Value copied data without secrets")
	}
	if allocs := testing.AllocsPerRun(100, func() { r.Text("nothing of the kind"); r.Value(m) }); allocs > 0 {
		t.Errorf("%v allocations for what is clean, want none", allocs)
	}
}

func TestRedactorValue(t *testing.T) {
	t.Parallel()
	r := redactorOf("secret-one", "secret-two", "4711471147")
	in := map[string]any{
		"plain":        "text",
		"inside":       "x secret-one y",
		"list":         []any{"secret-two", true, nil, []any{"secret-one"}},
		"k-secret-one": 1,
		"k-secret-two": 2,
		"whole":        json.Number("4711471147"),
		"int":          4711471147,
		"float":        4711471147.0,
		"part":         json.Number("47114711471"),
	}
	before, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Value(in)
	want := map[string]any{
		"plain":     "text",
		"inside":    "x *** y",
		"list":      []any{"***", true, nil, []any{"***"}},
		"k-***":     1,
		"k-*** (2)": 2,
		"whole":     "***",
		"int":       "***",
		"float":     "***",
		"part":      json.Number("47114711471"),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if after, _ := json.Marshal(in); !bytes.Equal(before, after) {
		t.Errorf("the original became %s", after)
	}
}

func TestMaskedWriter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		writes []string
		shown  string // before Flush
		out    string // after it
	}{
		{"whole", []string{"a secret-one b"}, "a *** b", "a *** b"},
		{"cut in two", []string{"a sec", "ret-one b"}, "a *** b", "a *** b"},
		{"byte by byte", strings.Split("x secret%2Done y", ""), "x *** y", "x *** y"},
		{"held back", []string{"a secret-"}, "a ", "a secret-"},
		{"the line ends", []string{"a secret-\n"}, "a secret-\n", "a secret-\n"},
		{"a longer one may come", []string{"a secret-one"}, "a ", "a ***"},
		{"a longer one comes", []string{"a secret-one", "-more b"}, "a *** b", "a *** b"},
		{"two that touch", []string{"secret-one-mo", "resecret-on", "e!"}, "******!", "******!"},
		{"an escape is cut", []string{"a secret\\", "u002done b"}, "a *** b", "a *** b"},
		{"a false alarm", []string{"a sec", "ond b"}, "a second b", "a second b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := redactorOf("secret-one", "secret-one-more").Writer(&out)
			for _, text := range tt.writes {
				if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatalf("Write gave %d, %v", n, err)
				}
			}
			shown := out.String()
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if shown != tt.shown || out.String() != tt.out {
				t.Errorf("got %q, then %q; want %q, then %q", shown, out.String(), tt.shown, tt.out)
			}
		})
	}
}

func TestRedactorIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				secret := fmt.Sprintf("secret-%d-%d-x", i, j)
				r.Add(secret)
				if got := r.Text("a " + secret + " b"); got != "a *** b" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	all.Wait()
}

// FuzzRedactor looks for a secret that shows through, in any escaping and wherever the stream is cut.
func FuzzRedactor(f *testing.F) {
	f.Add("a secret", "text ", 3)
	f.Add(hard, "%2", 5)
	f.Add(`\\\\`, `\`, 1)
	f.Add("%25%25%", "%", 2)
	f.Add("&amp;", "&", 2)
	f.Add("+ +", "+", 7)
	f.Fuzz(func(t *testing.T, secret, around string, cut int) {
		if strings.TrimSpace(secret) == "" || len(secret) > 200 || len(around) > 200 || strings.ToValidUTF8(secret, "") != secret {
			t.Skip()
		}
		r := redactorOf(secret)
		for how, escaped := range escapings(t, secret) {
			tooShort := len(secret) < 3 && strings.HasPrefix(how, "base64")
			if tooShort || strings.Contains(escaped, "\uFFFD") { // XML has no place for a control character
				continue
			}
			text := around + escaped + around
			got := r.Text(text)
			if !strings.Contains(got, Mask) {
				t.Fatalf("%s of %q is not masked in %q", how, secret, text)
			}
			var out bytes.Buffer
			w := r.Writer(&out)
			at := max(0, min(cut, len(text)))
			w.Write([]byte(text[:at]))
			w.Write([]byte(text[at:]))
			w.Flush()
			if at > 0 && text[at-1] != '\n' && out.String() != got {
				t.Fatalf("%s of %q cut at %d: got %q, want %q", how, secret, at, out.String(), got)
			}
		}
	})
}

func BenchmarkRedactorText(b *testing.B) {
	r := NewRedactor()
	for i := range 10 {
		r.Add(fmt.Sprintf("%x-%d-secret/value+%d", i*7919, i, i))
	}
	record := `{"sys_id":"9d385017c611228701d22104cc95c371","number":"INC0000060","short_description":"Unable to connect to email \"Outlook\"","url":"https://dev.example.com/nav_to.do?uri=%2Fincident.do","note":"r\u00e9sum\u00e9 <a&b>"},`
	text := []byte(strings.Repeat(record, 1<<20/len(record)))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Bytes(text)
	}
}
