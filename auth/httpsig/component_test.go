package httpsig

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"
)

func TestParseComponent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want string // as it stands in a base; an error begins with !
	}{
		{"@method", `"@method"`},
		{" Content-Type ", `"content-type"`},
		{`"content-type"`, `"content-type"`},
		{`content-digest;key="sha-256"`, `"content-digest";key="sha-256"`},
		{`x-a;bs`, `"x-a";bs`},
		{`priority;sf`, `"priority";sf`},
		{`priority; sf; key="u"`, `"priority";sf;key="u"`},
		{`@method;req`, `"@method";req`},
		{`@query-param;name="fa%C3%A7ade%22%3A%20"`, `"@query-param";name="fa%C3%A7ade%22%3A%20"`},
		{"", `! is no name of a header`},
		{"a b", `!"a b" is no name of a header`},
		{`a"b`, `!a"b is no component`},
		{"a;", `!a; is no component`},
		{`"Content-Type"`, `!the name of "Content-Type" is not in lower case`},
		{"@methods", `!there is no derived component @methods: it is one of @method, `},
		{"@signature-params", `!there is no derived component @signature-params`},
		{"@method;sf", `!"@method";sf has a parameter that it cannot have: sf`},
		{"@method;req=?0", `!"@method";req=?0 has a parameter that it cannot have: req`},
		{"@status;req", `!"@status";req has a parameter that it cannot have: req`},
		{`@path;name="a"`, `!"@path";name="a" has a parameter that it cannot have: name`},
		{"@query-param", `!"@query-param" does not say which parameter it means: write @query-param;name="…"`},
		{"@query-param;name=a", `!"@query-param";name=a does not say which parameter it means`},
		{`@query-param;name="a b"`, `!the name in "@query-param";name="a b" is not encoded as it has to be: write name="a%20b"`},
		{`@query-param;name="%ff"`, `!the name in "@query-param";name="%ff": it holds bytes that are no UTF-8`},
		{"x-a;tr", `!"x-a";tr is a field of the trailers, which are not supported`},
		{"x-a;bs;sf", `!the parameters of "x-a";bs;sf exclude each other: bs goes with neither key nor sf`},
		{`x-a;key="b";bs`, `!the parameters of "x-a";key="b";bs exclude each other`},
		{"x-a;key=b", `!the parameter key of "x-a";key=b is not a string`},
		{"x-a;sf=1", `!the parameter sf of "x-a";sf=1 takes no value`},
		{"x-a;other", `!"x-a";other has a parameter that is not known: other`},
	}
	for _, tt := range tests {
		got, err := ParseComponent(tt.text)
		text := got.String()
		if err != nil {
			text = "!" + err.Error()
		}
		if ok := text == tt.want || err != nil && tt.want[0] == '!' && strings.Contains(err.Error(), tt.want[1:]); !ok {
			t.Errorf("%q: got %s, want %s", tt.text, text, tt.want)
		}
	}
	for _, item := range []any{int64(1), httpsfv.Token("date"), true} {
		if _, err := newComponent(httpsfv.NewItem(item)); err == nil || !strings.Contains(err.Error(), "its name is not a string") {
			t.Errorf("%v: %v", item, err)
		}
	}
}

// lineOf gives the line of a base that a component gets; an error begins with !.
func lineOf(t testing.TB, m Message, text string) string {
	t.Helper()
	s, err := New("sig1", components(t, text), Params{})
	if err != nil {
		t.Fatal(err)
	}
	base, err := s.Base(m)
	if err != nil {
		return "!" + err.Error()
	}
	line, _, _ := strings.Cut(base, "\n")
	return line
}

// TestDerivedComponents has the examples of RFC 9421 §2.2, and more.
func TestDerivedComponents(t *testing.T) {
	t.Parallel()
	const path = "POST /path?param=value HTTP/1.1\nHost: www.example.com\n\n"
	const params = "GET /parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something HTTP/1.1\nHost: www.example.com\n\n"
	at := func(target string) string { return "GET " + target + " HTTP/1.1\nHost: Example.COM:443\n\n" }
	tests := []struct{ message, component, want string }{
		{path, "@method", `"@method": POST`},
		{path, "@target-uri", `"@target-uri": https://www.example.com/path?param=value`},
		{path, "@authority", `"@authority": www.example.com`},
		{path, "@scheme", `"@scheme": https`},
		{path, "@request-target", `"@request-target": /path?param=value`},
		{path, "@path", `"@path": /path`},
		{path, "@query", `"@query": ?param=value`},
		{path, "host", `"host": www.example.com`},
		{path, "@status", `!"@status": only a response has one`},
		{path, "@method;req", `!"@method";req is of the request that a response answers, and there is none`},
		{at("/"), "@authority", `"@authority": example.com`},
		{at("/"), "host", `"host": Example.COM:443`},
		{at("/"), "@query", `"@query": ?`},
		{at("/?"), "@query", `"@query": ?`},
		{at("/?"), "@target-uri", `"@target-uri": https://Example.COM:443/?`},
		{at("/path?queryString"), "@query", `"@query": ?queryString`},
		{at("/a%2Fb/%7Ec//d"), "@path", `"@path": /a%2Fb/%7Ec//d`},
		{at("/p?a=1?b&c=%20"), "@query", `"@query": ?a=1?b&c=%20`},
		{at("https://www.example.com/path?param=value"), "@request-target", `"@request-target": https://www.example.com/path?param=value`},
		{at("https://www.example.com/path?param=value"), "@path", `"@path": /path`},
		{at("https://www.example.com/path?param=value"), "@authority", `"@authority": www.example.com`},
		{at("https://www.example.com"), "@path", `"@path": /`},
		{at("https://www.example.com?a"), "@query", `"@query": ?a`},
		{"OPTIONS * HTTP/1.1\nHost: a.example\n\n", "@path", `!"@path": the request target "*" names no path`},
		{at("/path?param=value&foo=bar&baz=batman&qux="), `@query-param;name="baz"`, `"@query-param";name="baz": batman`},
		{at("/path?param=value&foo=bar&baz=batman&qux="), `@query-param;name="qux"`, `"@query-param";name="qux": `},
		{params, `@query-param;name="var"`, `"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value`},
		{params, `@query-param;name="bar"`, `"@query-param";name="bar": with%20plus%20whitespace`},
		{params, `@query-param;name="fa%C3%A7ade%22%3A%20"`, `"@query-param";name="fa%C3%A7ade%22%3A%20": something`},
		{at("/?a=~!*'()-._%zz%4"), `@query-param;name="a"`, `"@query-param";name="a": %7E%21*%27%28%29-._%25zz%254`},
		{at("/?&&%61=x"), `@query-param;name="a"`, `"@query-param";name="a": x`},
		{at("/?a=1&b=2&%61=3"), `@query-param;name="a"`, `!"@query-param";name="a": the query has this parameter more than once; sign @query instead`},
		{at("/?b=2"), `@query-param;name="a"`, `!"@query-param";name="a": the query has no such parameter`},
		{at("/"), `@query-param;name="a"`, `!"@query-param";name="a": the query has no such parameter`},
		{at("/?a=%ff"), `@query-param;name="a"`, `!"@query-param";name="a": its value: it holds bytes that are no UTF-8`},
	}
	for _, tt := range tests {
		if got := lineOf(t, request(t, tt.message), tt.component); got != tt.want {
			t.Errorf("%s of %q:\n%s\nwant:\n%s", tt.component, tt.message, got, tt.want)
		}
	}
	answer := Message{Status: 200}
	if got := lineOf(t, answer, "@status"); got != `"@status": 200` {
		t.Error(got)
	}
	if got := lineOf(t, answer, "@method"); got != `!"@method": a response has none; that of its request is written with ;req` {
		t.Error(got)
	}
}

func TestAuthority(t *testing.T) {
	t.Parallel()
	for _, tt := range [][3]string{
		{"https", "Example.com", "example.com"},
		{"https", "example.com:443", "example.com"},
		{"https", "example.com:", "example.com"},
		{"https", "example.com:80", "example.com:80"},
		{"http", "example.com:80", "example.com"},
		{"http", "example.com:443", "example.com:443"},
		{"https", "127.0.0.1:8443", "127.0.0.1:8443"},
		{"https", "[::1]", "[::1]"},
		{"https", "[::1]:443", "[::1]"},
		{"https", "[::1]:8443", "[::1]:8443"},
	} {
		if got := authority(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s of %s: %s, want %s", tt[1], tt[0], got, tt[2])
		}
	}
}

// TestFields has the examples of RFC 9421 §2.1, and more.
func TestFields(t *testing.T) {
	t.Parallel()
	m := Message{Method: "GET", Scheme: "https", Host: "www.example.com", Target: "/", Header: http.Header{
		"Date":             {"Tue, 20 Apr 2021 02:07:56 GMT"},
		"X-Ows-Header":     {"   Leading and trailing whitespace.   "},
		"X-Obs-Fold":       {"Obsolete\r\n    line folding.", "\tx \n\ty"},
		"Cache-Control":    {"max-age=60", "   must-revalidate"},
		"Example-Dict":     {"a=1,    b=2;x=1;y=2,   c=(a   b    c), d"},
		"X-Empty-Header":   {""},
		"X-Two":            {"", "b"},
		"Priority":         {"u=1,    i"},
		"Client-Cert":      {" :AAAA: "},
		"Cache-Status":     {"a;hit", " b"},
		"Example-Header":   {"value, with, lots", "of, commas"},
		"X-Broken":         {"a\nb: c"},
		"X-Text":           {"müde"},
		"X-Bell":           {"a\ab"},
		"X-Tab":            {"a\tb"},
		"X-None":           {},
		"X-Double":         {"a"},
		"x-double":         {"b"},
		"Content-Digest":   {`sha-256="text"`},
		"Want-Repr-Digest": {"=1"},
	}}
	tests := []struct{ component, want string }{
		{"date", `"date": Tue, 20 Apr 2021 02:07:56 GMT`},
		{"x-ows-header", `"x-ows-header": Leading and trailing whitespace.`},
		{"x-obs-fold", `"x-obs-fold": Obsolete line folding., x y`},
		{"cache-control", `"cache-control": max-age=60, must-revalidate`},
		{"example-dict", `"example-dict": a=1,    b=2;x=1;y=2,   c=(a   b    c), d`},
		{`example-dict;key="a"`, `"example-dict";key="a": 1`},
		{`example-dict;key="d"`, `"example-dict";key="d": ?1`},
		{`example-dict;key="b"`, `"example-dict";key="b": 2;x=1;y=2`},
		{`example-dict;key="c"`, `"example-dict";key="c": (a b c)`},
		{`example-dict;key="e"`, `!"example-dict";key="e": the header has no member e`},
		{`date;key="e"`, `!"date";key="e": the header is no dictionary: `},
		{"example-dict;sf", `!"example-dict";sf: it is not known as a structured field, which ;sf asks for`},
		{"priority;sf", `"priority";sf: u=1, i`},
		{"client-cert;sf", `"client-cert";sf: :AAAA:`},
		{"cache-status;sf", `"cache-status";sf: a;hit, b`},
		{"want-repr-digest;sf", `!"want-repr-digest";sf: the header cannot be read as a structured field (dictionary): `},
		{"x-empty-header", `"x-empty-header": `},
		{"x-two", `"x-two": , b`},
		{"example-header;bs", `"example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:`},
		{"x-text;bs", `"x-text";bs: :bcO8ZGU=:`},
		{"x-tab", "\"x-tab\": a\tb"},
		{"x-text", `!the value of "x-text" holds a character that cannot be signed: 'ü'`},
		{"x-bell", `!the value of "x-bell" holds a character that cannot be signed: '\a'`},
		{"x-broken", `!"x-broken": its value holds a line break`},
		{"x-none", `!"x-none": the message does not have this header`},
		{"x-missing", `!"x-missing": the message does not have this header`},
		{"x-double", `!"x-double": the header is there twice, as X-Double and as x-double, in no order`},
		{"accept-encoding", `!"accept-encoding": the message does not have this header; where a request leaves it open, it is added too late to be signed`},
	}
	for _, tt := range tests {
		if got := lineOf(t, m, tt.component); got != tt.want && (tt.want[len(tt.want)-1] != ' ' || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.component, got, tt.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		label      string
		components string
		params     Params
		want       string
	}{
		{"sig1", "@method date @method", Params{}, `"@method" is covered twice`},
		{"sig1", "date Date", Params{}, `"date" is covered twice`},
		{"sig1", `x-a;sf;key="b" x-a;key="b";sf`, Params{}, `"x-a";key="b";sf is covered twice`},
		{"sig1", `x-a;key="b" x-a;key="c" x-a`, Params{}, ""},
		{"Sig1", "date", Params{}, `signature Sig1: "Sig1" is no label: it is made of a-z, 0-9, _, - and ., and starts with a letter`},
		{"", "date", Params{}, `signature : "" is no label: it is made of a-z, 0-9, _, - and ., and starts with a letter`},
		{"sig1", "date", Params{KeyID: "ä"}, "signature sig1: a parameter holds a character that is not printable ASCII"},
		{"sig1", "date", Params{Tag: "a\nb"}, "signature sig1: a parameter holds a character that is not printable ASCII"},
		{"sig1", "date", Params{Nonce: `a"b\`}, ""},
	}
	for _, tt := range tests {
		_, err := New(tt.label, components(t, strings.Fields(tt.components)...), tt.params)
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%s of %s: got %s, want %s", tt.label, tt.components, got, tt.want)
		}
	}
}

func TestParameterOrder(t *testing.T) {
	t.Parallel()
	p := Params{Created: time.Unix(1, 999), Expires: time.Unix(2, 0), Nonce: "n", Algorithm: Ed25519, KeyID: `k"`, Tag: "t"}
	s, err := New("a", nil, p)
	if err != nil {
		t.Fatal(err)
	}
	base, err := s.Base(Message{})
	const want = `"@signature-params": ();created=1;expires=2;nonce="n";alg="ed25519";keyid="k\"";tag="t"`
	if err != nil || base != want {
		t.Errorf("got %s, %v\nwant %s", base, err, want)
	}
}
