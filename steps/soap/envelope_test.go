package soap

import (
	"reflect"
	"testing"

	"snrun/steps/xml"
)

func opened(t *testing.T, text string) (*envelope, error) {
	t.Helper()
	root, err := xml.Parse([]byte(text), xml.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return openEnvelope(root)
}

// in11 and in12 put parts into an envelope of a version.
func in11(parts string) string {
	return `<e:Envelope xmlns:e="` + space11 + `">` + parts + `</e:Envelope>`
}
func in12(parts string) string {
	return `<e:Envelope xmlns:e="` + space12 + `">` + parts + `</e:Envelope>`
}

func TestEnvelopesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"something else", `<html/>`, `the root element is <html>, not an Envelope of SOAP 1.1 or 1.2`},
		{"another namespace", `<Envelope xmlns="urn:x"/>`, `the root element is <Envelope> in the namespace urn:x, not an Envelope of SOAP 1.1 or 1.2`},
		{"no body", in11(`<e:Header/>`), `the envelope has no body`},
		{"two bodies", in11(`<e:Body/><e:Body/>`), `the envelope has two bodies; which one is meant cannot be told`},
		{"a header behind the body", in11(`<e:Body/><e:Header/>`), `<Header> in the namespace ` + space11 + ` stands in the envelope, where only one Header and one Body may`},
		{"a body of the other version", in11(`<Body xmlns="` + space12 + `"/>`), `<Body> in the namespace ` + space12 + ` stands in the envelope, where only one Header and one Body may`},
		{"text in the body", in11(`<e:Body>x<a/></e:Body>`), `text stands in the envelope's body, outside of any element`},
		{"a fault and more", in11(`<e:Body><e:Fault/><a/></e:Body>`), `a fault stands in the body together with something else`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := opened(t, tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       map[string]any
	}{
		{"SOAP 1.1", in11(`<e:Body><e:Fault><faultcode>e:Client.Auth.Expired</faultcode><faultstring>no</faultstring><detail><why code="7"><a>1</a><a>2</a></why></detail></e:Fault></e:Body>`),
			map[string]any{"code": "Client", "subcodes": []any{"Auth", "Expired"}, "message": "no", "detail": map[string]any{"why": map[string]any{"code": "7", "a": []any{"1", "2"}}}}},
		{"with the namespace that it should not have", in11(`<e:Body><e:Fault><e:faultcode>e:Server</e:faultcode><e:faultstring>down</e:faultstring></e:Fault></e:Body>`),
			map[string]any{"code": "Server", "subcodes": []any{}, "message": "down", "detail": nil}},
		{"a detail of text", in11(`<e:Body><e:Fault><faultcode>Server</faultcode><faultstring>x</faultstring><detail> line 7 </detail></e:Fault></e:Body>`),
			map[string]any{"code": "Server", "subcodes": []any{}, "message": "x", "detail": "line 7"}},
		{"SOAP 1.2", in12(`<e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>m:A</e:Value><e:Subcode><e:Value>m:B</e:Value></e:Subcode></e:Subcode></e:Code><e:Reason><e:Text xml:lang="de">nein</e:Text><e:Text xml:lang="en-GB">no</e:Text></e:Reason><e:Detail><x>1</x></e:Detail></e:Fault></e:Body>`),
			map[string]any{"code": "Sender", "subcodes": []any{"A", "B"}, "message": "no", "detail": map[string]any{"x": "1"}}},
		{"an empty fault", in12(`<e:Body><e:Fault/></e:Body>`), map[string]any{"code": "", "subcodes": []any{}, "message": "", "detail": nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := opened(t, tt.text)
			if err != nil || e.fault == nil {
				t.Fatalf("no fault: %v", err)
			}
			if got, _ := readFault(e.fault, e.version).value(nil, nil); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMustUnderstand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		want   bool
	}{
		{`<h/>`, false},
		{`<h e:mustUnderstand="0"/>`, false},
		{`<h mustUnderstand="1"/>`, false},
		{`<h e:mustUnderstand="1"/>`, true},
		{`<h e:mustUnderstand=" true "/>`, true},
		{`<h e:mustUnderstand="1" e:actor="urn:gateway"/>`, false},
		{`<h e:mustUnderstand="1" e:actor="http://schemas.xmlsoap.org/soap/actor/next"/>`, true},
	}
	for _, tt := range tests {
		e, err := opened(t, in11(`<e:Header>`+tt.header+`</e:Header><e:Body/>`))
		if err != nil {
			t.Fatal(err)
		}
		if got := e.mustUnderstand(e.headers[0]); got != tt.want {
			t.Errorf("%s: got %v", tt.header, got)
		}
	}
	for role, want := range map[string]bool{"/role/next": true, "/role/ultimateReceiver": true, "/role/none": false} {
		e, err := opened(t, in12(`<e:Header><h e:mustUnderstand="true" e:role="`+space12+role+`"/></e:Header><e:Body/>`))
		if err != nil {
			t.Fatal(err)
		}
		if got := e.mustUnderstand(e.headers[0]); got != want {
			t.Errorf("%s: got %v", role, got)
		}
	}
}
