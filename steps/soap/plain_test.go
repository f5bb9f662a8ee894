package soap_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
	"snrun/steps/xml"
)

const (
	space11 = "http://schemas.xmlsoap.org/soap/envelope/"
	space12 = "http://www.w3.org/2003/05/soap-envelope"
)

// answering gives an answer with an envelope of SOAP 1.1 around a body.
func answering(status int, body string) steptest.Answer {
	return withHeaders(status, "", body)
}

func withHeaders(status int, headers, body string) steptest.Answer {
	return steptest.Answer{Status: status, Header: steptest.Header("Content-Type", "text/xml; charset=utf-8"),
		Body: `<e:Envelope xmlns:e="` + space11 + `"><e:Header>` + headers + `</e:Header><e:Body>` + body + `</e:Body></e:Envelope>`}
}

// under makes an input for the path /soap of a server, with further fields.
func under(s *steptest.Server, fields steps.Input) steps.Input {
	in := steps.Input{"profile": "test", "base_url": s.URL, "path": "/soap"}
	for name, value := range fields {
		in[name] = value
	}
	return in
}

// failed gives the *steps.Error that err must be.
func failed(t *testing.T, err error) *steps.Error {
	t.Helper()
	var e *steps.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *steps.Error", err)
	}
	return e
}

func pairs(keysAndValues ...any) steps.Pairs {
	out := make(steps.Pairs, 0, len(keysAndValues)/2)
	for i := 0; i+1 < len(keysAndValues); i += 2 {
		out = append(out, steps.Pair{Key: keysAndValues[i].(string), Value: keysAndValues[i+1]})
	}
	return out
}

var getRecords = steps.Input{
	"action":     "http://www.service-now.com/incident/getRecords",
	"namespaces": pairs("inc", "http://www.service-now.com/incident"),
	"body":       pairs("inc:getRecords", pairs("__encoded_query", "active=true", "__limit", steps.Scalar{Value: 7, Text: "007"})),
	"headers":    pairs("inc:Session", pairs("_mustUnderstand", 1, "id", "S-1")),
	"lists":      []any{"getRecordsResult"},
}

func TestMessageAsItArrives(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(200, `<r:getRecordsResponse xmlns:r="urn:r"><getRecordsResult><number>INC1</number></getRecordsResult></r:getRecordsResponse>`))
	out, err := steptest.Run(t, soap.Kind(), under(s, getRecords))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"getRecordsResult": []any{map[string]any{"number": "INC1"}}}; !reflect.DeepEqual(out.Value, want) {
		t.Errorf("output: got %v, want %v", out.Value, want)
	}
	got := s.Last()
	for name, want := range map[string]string{"SOAPAction": `"http://www.service-now.com/incident/getRecords"`, "Content-Type": "text/xml; charset=utf-8"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="` + space11 + `" xmlns:inc="http://www.service-now.com/incident"><soapenv:Header><inc:Session soapenv:mustUnderstand="1"><id>S-1</id></inc:Session></soapenv:Header>` +
		`<soapenv:Body><inc:getRecords><__encoded_query>active=true</__encoded_query><__limit>007</__limit></inc:getRecords></soapenv:Body></soapenv:Envelope>
`
	if got.Body != want {
		t.Errorf("got\n%s\nwant\n%s", got.Body, want)
	}
}

func TestMessageOfSOAP12(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", steptest.Answer{Header: steptest.Header("Content-Type", "application/soap+xml"), Body: `<e:Envelope xmlns:e="` + space12 + `"><e:Body><r>7</r></e:Body></e:Envelope>`})
	out, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"version": "1.2", "action": `urn:"a`, "body": pairs("q", pairs())}))
	if err != nil || out.Value != "7" {
		t.Fatalf("got %v, %v", out.Value, err)
	}
	got := s.Last()
	if want := `application/soap+xml; charset=utf-8; action="urn:\"a"`; got.Header.Get("Content-Type") != want {
		t.Errorf("got the Content-Type %s, want %s", got.Header.Get("Content-Type"), want)
	}
	if _, there := got.Header["Soapaction"]; there || !strings.Contains(got.Body, space12) {
		t.Errorf("got %v\n%s", got.Header, got.Body)
	}
}

func TestEnvelopeFromAFile(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(200, `<r/>`))
	env := steptest.NewEnv(t)
	file := `<e:Envelope xmlns:e="` + space12 + `"><e:Body><a id="${ id }">${text} $${x} ${text}</a></e:Body></e:Envelope>`
	if err := os.WriteFile(filepath.Join(env.Dir, "req.xml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	in := under(s, steps.Input{"envelope": "req.xml", "params": pairs("id", `"7"`, "text", "<&>")})
	if _, err := soap.Kind().Run(t.Context(), in, &env.Env); err != nil {
		t.Fatal(err)
	}
	if want := `<a id="&#34;7&#34;">&lt;&amp;&gt; ${x} &lt;&amp;&gt;</a>`; !strings.Contains(s.Last().Body, want) {
		t.Errorf("got %s, want %s in it", s.Last().Body, want)
	}
	if got := s.Last().Header.Get("Content-Type"); !strings.HasPrefix(got, "application/soap+xml") {
		t.Errorf("the version is not that of the envelope: %s", got)
	}
}

// TestEnvelopeWithCDATA holds that a value arrives as it is, also where the envelope has it in a CDATA section.
func TestEnvelopeWithCDATA(t *testing.T) {
	t.Parallel()
	value := "<a b=\"1\">]]>&amp;\r\n</a>"
	for name, body := range map[string]string{"text": `${x}`, "CDATA": `<![CDATA[${x}]]>`, "CDATA and text": `<![CDATA[]]>${x}`, "a comment before": `<!-- <![CDATA[ -->${x}`,
		"a comment in CDATA": `<![CDATA[<!--${x}-->]]>`, "CDATA after a comment": `<!-- ]]> --><![CDATA[${x}]]>`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", answering(200, `<r/>`))
			file := `<e:Envelope xmlns:e="` + space11 + `"><e:Body>` + `<v>` + body + `</v></e:Body></e:Envelope>`
			if _, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"envelope": file, "params": pairs("x", value)})); err != nil {
				t.Fatal(err)
			}
			root, err := xml.Parse([]byte(s.Last().Body), xml.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want := value
			if name == "a comment in CDATA" {
				want = "<!--" + value + "-->"
			}
			if got := root.Children[0].Children[0].Text; got != want {
				t.Errorf("got %q, want %q in %s", got, want, s.Last().Body)
			}
		})
	}
}

func TestEnvelopesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		params     steps.Pairs
		want       []steps.Problem
	}{
		{"a placeholder without a value", `<a>${x}${x}</a>`, nil, []steps.Problem{{Path: "params", Message: "has no value for the envelope's placeholder ${x}"}}},
		{"a value without a placeholder", `<a>${number}</a>`, pairs("number", 1, "numbr", 2), []steps.Problem{{Path: "params.numbr", Message: "the envelope has no placeholder ${numbr}", Hint: `did you mean "number"?`, Key: true}}},
		{"a list", `<a>${x}</a>`, pairs("x", []any{1}), []steps.Problem{{Path: "params.x", Message: "must be one plain value: it becomes text in the envelope"}}},
		{"a control character", `<a>${x}</a>`, pairs("x", "a\x01"), []steps.Problem{{Path: "params.x", Message: "the character U+0001 (or a byte that is no UTF-8) cannot stand in XML"}}},
		{"a placeholder in a comment only", `<a><!-- ${x} --></a>`, pairs("x", "1"), []steps.Problem{{Path: "params.x", Message: "the envelope has no placeholder ${x}", Key: true}}},
		{"no XML", `<a>`, nil, []steps.Problem{{Path: "envelope", Message: "is not XML: line 1, column 4: the document ends, but <a> is still open"}}},
		{"no SOAP", `<a/>`, nil, []steps.Problem{{Path: "envelope", Message: "is not SOAP: the root element is <a>, not an Envelope of SOAP 1.1 or 1.2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t)
			in := under(s, steps.Input{"envelope": tt.file})
			if tt.params != nil {
				in["params"] = tt.params
			}
			_, err := steptest.Run(t, soap.Kind(), in)
			if e := failed(t, err); e.Kind != steps.BadInput || !reflect.DeepEqual(e.Problems, tt.want) || !e.NoEffect {
				t.Errorf("got %+v, want the problems %+v", e, tt.want)
			}
		})
	}
}

// TestMistakesOfAStep holds that what is wrong in a step without a WSDL is found before a run, at its place.
func TestMistakesOfAStep(t *testing.T) {
	t.Parallel()
	good := pairs("a", 1)
	tests := []struct {
		name string
		in   steps.Input
		want []string // path and beginning of the message
	}{
		{"nothing", steps.Input{"endpoint": "https://erp.example.com/a", "action": "urn:a", "body": good, "namespaces": pairs("x", "urn:x")}, nil},
		{"endpoint", steps.Input{"endpoint": "ftp://erp.example.com", "body": good}, []string{"endpoint is not an http or https address"}},
		{"url", steps.Input{"url": "erp", "body": good}, []string{"url is not an http or https address"}},
		{"several in the body and the headers", steps.Input{"url": "https://erp.example.com/a", "headers": pairs("q:h", 1), "body": pairs("a", "\x01", "b c", 1)},
			[]string{`headers.q:h the prefix "q" is not declared`, "body.a the character U+0001", `body.b c "b c" is no XML name`}},
		{"a body that a run gives", steps.Input{"url": "https://erp.example.com/a", "body": steps.Unknown{}, "headers": steps.Unknown{}}, nil},
		{"action in quotes", steps.Input{"url": "https://erp.example.com/a", "action": `"urn:a"`, "body": good}, []string{"action begins with a quote"}},
		{"prefixes", steps.Input{"url": "https://erp.example.com/a", "body": good, "namespaces": pairs("x", "", "a b", "urn:b", "xml", "urn:c", "y", "urn:y")},
			[]string{"namespaces.x stands for no namespace", "namespaces.a b is no prefix", "namespaces.xml is a prefix of XML itself"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			told(t, soap.Kind().Check(tt.in, t.TempDir()), tt.want)
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	html := steptest.Answer{Header: steptest.Header("Content-Type", "text/html"), Body: "<html><title>Sign in</title></html>"}
	down := html
	down.Status = 503
	latin := steptest.Answer{Header: steptest.Header("Content-Type", "text/xml; charset=iso-8859-1"), Body: "<e:Envelope xmlns:e=\"" + space11 + "\"><e:Body><r>\xe9</r></e:Body></e:Envelope>"}
	tests := []struct {
		name      string
		answer    steptest.Answer
		want      any
		kind, err string
	}{
		{"text", answering(200, `<r>7</r>`), "7", "", ""},
		{"latin", latin, "é", "", ""},
		{"several elements", answering(200, `<a>1</a><b>2</b>`), map[string]any{"a": "1", "b": "2"}, "", ""},
		{"references", answering(200, `<r><a href="#x"/></r><m id="x"><b>1</b></m>`), map[string]any{"a": map[string]any{"b": "1"}}, "", ""},
		{"an empty body", answering(200, ``), nil, "", ""},
		{"nothing, one-way", steptest.Answer{Status: 202}, nil, "", ""},
		{"a page", html, nil, "content", "200: the body is an HTML page, not a SOAP message (text/html"},
		{"an envelope that breaks off", steptest.Answer{Body: "<e:Envelope xmlns:e=\"" + space11 + "\"><e:Bod"}, nil, "content", "200: the body is not a SOAP message that can be taken: line 1, column "},
		{"no envelope", steptest.Answer{Body: "<a/>"}, nil, "content", "200: the body is not a SOAP message: the root element is <a>"},
		{"a page that refuses", down, nil, "status", `503 Service Unavailable: an HTML page titled "Sign in"`},
		{"a fault", answering(500, `<e:Fault><faultcode>e:Server</faultcode><faultstring>down</faultstring></e:Fault>`), nil, "fault", "fault Server: down"},
		{"a fault with 200", answering(200, `<e:Fault><faultcode>e:Client.Auth</faultcode></e:Fault>`), nil, "fault", "fault Client.Auth"},
		{"two bodies", answering(200, `</e:Body><e:Body>`), nil, "content", "the envelope has two bodies"},
		{"an entity", steptest.Answer{Header: steptest.Header("Content-Type", "text/xml"), Body: `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`}, nil, "content", "a document type or an entity is declared"},
		{"not understood", withHeaders(200, `<x:Bill xmlns:x="urn:x" e:mustUnderstand="1"/>`, `<r/>`), nil, "content", "the header <Bill> in the namespace urn:x must be understood, and is not"},
		{"a redirect", steptest.Answer{Status: 302, Header: steptest.Header("Location", "/login")}, nil, "status", "302"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", tt.answer)
			out, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"body": pairs("q", "1")}))
			if tt.err == "" {
				if err != nil || !reflect.DeepEqual(out.Value, tt.want) {
					t.Errorf("got %v, %v, want %v", out.Value, err, tt.want)
				}
				return
			}
			if e := failed(t, err); e.Kind != tt.kind || !strings.Contains(e.Message, tt.err) || e.Repeat == steps.Always {
				t.Errorf("got %+v, want one of kind %s with %q", e, tt.kind, tt.err)
			}
		})
	}
}

func TestFaultOfAnError(t *testing.T) {
	t.Parallel()
	fault := answering(500, `<e:Fault><faultcode>e:Client</faultcode><faultstring>no</faultstring><detail><why>7</why></detail></e:Fault>`)
	fault.Times = 2
	s := steptest.NewServer(t).On("POST /soap", fault)
	want := map[string]any{"code": "Client", "subcodes": []any{}, "message": "no", "detail": map[string]any{"why": "7"}}
	_, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"body": pairs("q", "1")}))
	if e := failed(t, err); !reflect.DeepEqual(e.Fields["fault"], want) || e.Status != 500 || e.Repeat != steps.Never || !e.NoEffect {
		t.Errorf("got %+v", e)
	}
	out, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"body": pairs("q", "1"), "expect_fault": true}))
	if err != nil || !reflect.DeepEqual(out.Value, want) || !reflect.DeepEqual(out.Names["fault"], want) {
		t.Errorf("got %v, %v, %v", out.Value, out.Names, err)
	}
}

func TestHeadersOfTheAnswer(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", withHeaders(200,
		`<x:Bill xmlns:x="urn:x" e:mustUnderstand="1"><cents>7</cents></x:Bill><w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" e:mustUnderstand="1"/>`, `<r/>`))
	out, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"body": pairs("q", "1"), "understands": []any{"Bill"}}))
	if want := map[string]any{"Bill": map[string]any{"cents": "7"}}; err != nil || !reflect.DeepEqual(out.Names["soap_headers"], want) {
		t.Errorf("got %v, %v, want %v", out.Names["soap_headers"], err, want)
	}
}
