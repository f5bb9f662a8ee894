package exchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"snrun/steps"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, path, want string }{
		{"https://a.example", "x", "https://a.example/x"},
		{"https://a.example/", "/x", "https://a.example/x"},
		{"https://a.example/api//", "//x/", "https://a.example/api/x/"},
		{"https://a.example/api", "", "https://a.example/api/"},
		{"https://a.example/api?v=1", "x?y=2", "https://a.example/api/x?v=1&y=2"},
		{"https://a.example", "a b/ü/%20/100%/#1?q=a b", "https://a.example/a%20b/%C3%BC/%20/100%25/%231?q=a%20b"},
		{"https://a.example", "items(id='7')/$value", "https://a.example/items(id='7')/$value"},
		{"https://a.example", "a%2Fb", "https://a.example/a%2Fb"},
		{"https://A.example:443/x", "https://a.example/y?z", "https://a.example/y?z"},
		{"https://a.example", "a..b/...", "https://a.example/a..b/..."},
	} {
		u, q, err := Target(steps.Input{"base_url": c.base, "path": c.path})
		if err != nil {
			t.Errorf("%s + %s: %v", c.base, c.path, err)
			continue
		}
		u.RawQuery = q.String()
		if got := u.String(); got != c.want {
			t.Errorf("%s + %s: got %s, want %s", c.base, c.path, got, c.want)
		}
	}
}

func FuzzTarget(f *testing.F) {
	f.Add("/a b/%zz?x=%", "q")
	f.Add("//evil.example/x", "a=b")
	f.Add(`\\evil.example\x`, "")
	f.Add("@evil.example", "#")
	f.Add("https://a.example@evil.example/", "")
	f.Fuzz(func(t *testing.T, path, value string) {
		u, q, err := Target(steps.Input{"base_url": "https://a.example/api", "path": path})
		if err != nil {
			return
		}
		if u.Scheme != "https" || u.Hostname() != "a.example" {
			t.Fatalf("%q leaves the origin: %s", path, u)
		}
		u.RawQuery = q.Set("v", value).String()
		back, err := url.ParseRequestURI(u.RequestURI())
		if err != nil || strings.ContainsAny(u.RequestURI(), " \r\n#") {
			t.Fatalf("%q cannot be sent: %q, %v", path, u.RequestURI(), err)
		}
		if got := back.Query().Get("v"); got != value && !strings.Contains(path, ";") {
			t.Fatalf("got value %q, want %q", got, value)
		}
	})
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"http://a.example", "http://A.EXAMPLE:80/x", true},
		{"https://a.example:443", "https://a.example", true},
		{"http://a.example", "https://a.example", false},
		{"http://a.example:8080", "http://a.example", false},
		{"http://a.example", "http://b.a.example", false},
		{"http://a.example", "http://a.example.", false},
		{"http://a.example", "http://a.example.evil.test", false},
		{"http://a.example", "http://a.example@evil.test", false},
		{"http://a.example", "http://u:p@a.example:80", true},
		{"http://bücher.example", "http://XN--bcher-kva.example", true},
		{"http://bücher.example", "http://BÜCHER.example", true},
		{"http://bücher.example", "http://bucher.example", false},
		{"http://[::1]:8080", "http://[::1]:8080/x", true},
		{"http://[::1]:8080", "http://[0::1]:8080", false},
		{"http://[::1]", "http://[::1]:8080", false},
	} {
		if got := sameOriginText(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: got %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestMaskJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ data, path, want string }{
		{`{ "password" : "a", "b": 1 }`, "$.password", `{ "password" : "***", "b": 1 }`},
		{`{"a":{"b":[1,{"c":2}]}}`, "$.a.b", `{"a":{"b":"***"}}`},
		{`{"a":[{"c":1,"d":2},{"c":[3]},4]}`, "$.a[*].c", `{"a":[{"c":"***","d":2},{"c":"***"},4]}`},
		{`[1, 2 , 3]`, "$[1]", `[1, "***" , 3]`},
		{`{"password":1,"x":[{"password":{"y":2}}]}`, "$..password", `{"password":"***","x":[{"password":"***"}]}`},
		{`{"a b":1,"c.d":2}`, `$['a b']`, `{"a b":"***","c.d":2}`},
		{`{"a b":1,"c.d":2}`, `$["c.d"]`, `{"a b":1,"c.d":"***"}`},
		{`{"a":{"x":1,"y":2}}`, "$.a.*", `{"a":{"x":"***","y":"***"}}`},
		{`{"a":{"a":{"b":1}},"b":2}`, "$..a.b", `{"a":{"a":{"b":"***"}},"b":2}`},
		{`{"\u0061":1,"n":12345678901234567890}`, "$.a", `{"\u0061":"***","n":12345678901234567890}`},
		{`{"a":1,"a":2}`, "$.a", `{"a":"***","a":"***"}`},
		{`{"a":{"0":1}}`, "$.a[0]", `{"a":{"0":1}}`},
		{`7`, "$.a", `7`},
	} {
		path, err := parseJSONPath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		got, err := maskJSON([]byte(c.data), []jsonPath{path}, false)
		if err != nil || string(got) != c.want {
			t.Errorf("%s in %s: got %s, %v; want %s", c.path, c.data, got, err, c.want)
		}
	}
}

// TestMaskJSONManyWays would not end if each way through the path were followed by itself.
func TestMaskJSONManyWays(t *testing.T) {
	t.Parallel()
	path, err := parseJSONPath("$" + strings.Repeat("..*", 20) + ".x")
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat("[", 500) + strings.Repeat("]", 500)
	if got, err := maskJSON([]byte(deep), []jsonPath{path}, false); err != nil || string(got) != deep {
		t.Errorf("got %d bytes, %v; want the body as it was", len(got), err)
	}
}

func TestParseJSONPathMistakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "$", "a.b", "$a", "$.", "$.a.", "$..", "$[", "$[x]", "$[-1]", "$['a]", "$[]"} {
		if path, err := parseJSONPath(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, path)
		}
	}
}

func FuzzMaskJSON(f *testing.F) {
	f.Add([]byte(`{"a":[{"password":"secret-value"}],"password":1}`), "$..password")
	f.Add([]byte(`[[[[1]]]]`), "$[0][0]")
	f.Add([]byte(strings.Repeat("[", 2000)), "$..a")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		path, err := parseJSONPath(text)
		if err != nil {
			return
		}
		masked, err := maskJSON(data, []jsonPath{path}, false)
		if err != nil {
			return
		}
		if !json.Valid(masked) {
			t.Fatalf("%s in %s: not JSON any more: %s", text, data, masked)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		value, date string
		want        time.Duration
		asked       bool
	}{
		{"", "", 0, false},
		{"120", "", 2 * time.Minute, true},
		{" 5 ", "", 5 * time.Second, true},
		{"-5", "", 0, true},
		{"1.5", "", 0, false},
		{"soon", "", 0, false},
		{"99999999999999999999", "", math.MaxInt64 / time.Second * time.Second, true},
		{at(time.Minute), "", time.Minute, true},
		{at(-time.Minute), "", 0, true},
		{at(time.Minute), at(30 * time.Second), 30 * time.Second, true},
		{at(time.Minute), "yesterday", time.Minute, true},
	} {
		h := http.Header{"Retry-After": {c.value}, "Date": {c.date}}
		if got, asked := RetryAfter(h, now); got != c.want || asked != c.asked {
			t.Errorf("%q with date %q: got %v, %t; want %v, %t", c.value, c.date, got, asked, c.want, c.asked)
		}
	}
}

func TestDurationText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{10 * time.Second: "10s", 5 * time.Minute: "5m", time.Hour: "1h", 90 * time.Second: "1m30s", 0: "0s", 600 * time.Second: "10m"} {
		if got := durationText(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestDefaults holds the defaults that the fields tell against those that the code has.
func TestDefaults(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, f := range append(SettingFields(), TimeoutField(""), RedirectsField(Manner{Redirects: 3}, "")) {
		collectDefaults(f, got)
	}
	want := map[string]string{"connect": durationText(defaultConnect), "idle": fmt.Sprintf("%ds", int(defaultIdle.Seconds())),
		"bodies": SizeText(defaultRecorded), "idempotency_header": defaultKeyHeader, "redirects": "3"}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func collectDefaults(f steps.Field, into map[string]string) {
	if f.Default != "" {
		into[f.Name] = f.Default
	}
	for _, below := range f.Type.Fields {
		collectDefaults(below, into)
	}
	for _, alt := range f.Type.Alts {
		for _, below := range alt.Fields {
			collectDefaults(below, into)
		}
	}
}
