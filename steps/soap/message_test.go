package soap_test

import (
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

const wsaSpace = "http://www.w3.org/2005/08/addressing"

// TestWhatIsSent holds details of the message and of its HTTP headers. Each wanted text must stand in one of them; one behind "!" in
// none.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	body := pairs("q", "1")
	tests := []struct {
		name   string
		fields steps.Input
		want   []string
	}{
		{"an action that is quoted already", steps.Input{"body": body, "action": `"urn:a"`}, []string{`SOAPAction: "urn:a"` + "\n"}},
		{"an action of the step's own headers", steps.Input{"body": body, "action": "urn:a", "http_headers": pairs("soapaction", "mine")}, []string{"SOAPAction: mine\n", "!urn:a"}},
		{"what is accepted", steps.Input{"body": body}, []string{"Accept: text/xml, multipart/related, application/soap+xml;q=0.5\n"}},
		{"what is accepted of SOAP 1.2", steps.Input{"body": body, "version": "1.2"}, []string{"Accept: application/soap+xml, multipart/related, text/xml;q=0.5\n", "!SOAPAction"}},
		{"no action in SOAP 1.2", steps.Input{"body": body, "version": "1.2"}, []string{"Content-Type: application/soap+xml; charset=utf-8\n"}},
		{"a backslash in an action", steps.Input{"body": body, "version": "1.2", "action": `urn:\a`}, []string{`action="urn:\\a"`}},
		{"a header of SOAP 1.1", steps.Input{"body": body, "headers": pairs("h", pairs("_mustUnderstand", true, "_role", "urn:gate"))},
			[]string{`<h soapenv:mustUnderstand="1" soapenv:actor="urn:gate"/>`}},
		{"a header that need not be understood", steps.Input{"body": body, "headers": pairs("h", pairs("_mustUnderstand", false))}, []string{`<h soapenv:mustUnderstand="0"/>`}},
		{"a header of SOAP 1.2", steps.Input{"body": body, "version": "1.2", "headers": pairs("h", pairs("_mustUnderstand", true, "_actor", "urn:gate", "_relay", true))},
			[]string{`<h soapenv:mustUnderstand="true" soapenv:role="urn:gate" soapenv:relay="true"/>`}},
		{"a header without a value", steps.Input{"body": body, "headers": pairs("h", nil, "i", "7")}, []string{`<soapenv:Header><h xsi:nil="true"/><i>7</i></soapenv:Header>`}},
		{"a prefix of the envelope's", steps.Input{"body": pairs("soapenv:q", "1"), "namespaces": pairs("soapenv", "urn:x", "soapenv_", "urn:y")}, []string{`xmlns:soapenv__="` + space11 + `"`, `<soapenv:q>1</soapenv:q>`}},
		{"addressing", steps.Input{"body": body, "addressing": true, "action": "urn:a", "headers": pairs("h", "1")}, []string{`<h>1</h><wsa:Action>urn:a</wsa:Action><wsa:MessageID>urn:uuid:`, `xmlns:wsa="` + wsaSpace + `"`, `<wsa:ReplyTo><wsa:Address>` + wsaSpace + `/anonymous</wsa:Address></wsa:ReplyTo>`}},
		{"a prefix of addressing", steps.Input{"body": body, "addressing": true, "action": "urn:a", "namespaces": pairs("wsa", wsaSpace)}, []string{`<wsa_:Action>urn:a</wsa_:Action>`, `xmlns:wsa_="` + wsaSpace + `"`}},
		{"the address with its query", steps.Input{"body": body, "addressing": true, "action": "urn:a", "path": "/soap?SOAP&x=1"}, []string{`/soap?SOAP&amp;x=1</wsa:To>`}},
		{"no addressing in a written envelope", steps.Input{"envelope": writtenOut, "params": pairs("x", 7), "addressing": true, "action": "urn:a"}, []string{"<a>7</a>", "!wsa"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", withHeaders(200, `<a:RelatesTo xmlns:a="`+wsaSpace+`" RelationshipType="urn:other">urn:x</a:RelatesTo>`, "<r/>"))
			if _, err := steptest.Run(t, soap.Kind(), under(s, tt.fields)); err != nil {
				t.Fatal(err)
			}
			got := s.Last().Body + "\n"
			for name, values := range s.Last().Header {
				got += strings.ReplaceAll(name, "Soapaction", "SOAPAction") + ": " + strings.Join(values, " AND ") + "\n"
			}
			for _, want := range tt.want {
				if not, unwanted := strings.CutPrefix(want, "!"); unwanted && strings.Contains(got, not) || !unwanted && !strings.Contains(got, want) {
					t.Errorf("got %s\nwant %s", got, want)
				}
			}
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields steps.Input
		want   []steps.Problem
	}{
		{"a line break in the action", steps.Input{"action": "urn:a\r\nX: y"}, []steps.Problem{{Path: "action", Message: "has a line break or a control character in it"}}},
		{"a control character in the action", steps.Input{"version": "1.2", "action": "urn:\x01"}, []steps.Problem{{Path: "action", Message: "has a line break or a control character in it"}}},
		{"nowhere to send to", steps.Input{"path": nil}, []steps.Problem{{Path: "", Message: "lacks the address to send to", Hint: "write endpoint: https://…, or path: below the profile's base URL"}}},
		{"another version", steps.Input{"envelope": "<e:Envelope xmlns:e=\"" + space12 + "\"><e:Body/></e:Envelope>", "version": "1.1"},
			[]steps.Problem{{Path: "version", Message: "is 1.1, and the envelope is one of SOAP 1.2", Hint: "leave version out: the envelope says which one"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t)
			in := under(s, steps.Input{"body": pairs("q", "1")})
			for key, value := range tt.fields {
				in[key] = value
			}
			_, err := steptest.Run(t, soap.Kind(), in)
			if e := failed(t, err); e.Kind != steps.BadInput || !reflect.DeepEqual(e.Problems, tt.want) || !e.NoEffect {
				t.Errorf("got %+v, want the problems %+v", e, tt.want)
			}
		})
	}
}
