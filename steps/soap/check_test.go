package soap_test

import (
	"os"
	"path/filepath"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
)

const writtenOut = `<e:Envelope xmlns:e="` + space11 + `"><e:Body><a>${x}</a></e:Body></e:Envelope>`

const wrongWSDL = `<definitions targetNamespace="urn:w" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:w="urn:w" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">
  <portType name="pt"/>
  <binding name="b" type="w:pt"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="a"/>
    <operation name="b"/>
  </binding>
  <service name="sv"><port name="po" binding="w:b"/></service>
</definitions>`

// TestChecksBeforeARun holds what is found before a run, and that nothing is found in what only the run knows.
func TestChecksBeforeARun(t *testing.T) {
	t.Parallel()
	later := steps.Unknown{}
	session := func(value any) steps.Pairs { return pairs("SessionHeader", value) }
	tests := []struct {
		name   string
		typed  bool
		fields steps.Input
		want   []string
	}{
		{"a body that the run knows", false, steps.Input{"body": later}, nil},
		{"headers that the run knows", false, steps.Input{"body": pairs("a", 1), "headers": later}, nil},
		{"a namespace that the run knows", false, steps.Input{"body": pairs("p:a", 1), "namespaces": pairs("p", later)}, nil},
		{"namespaces that the run knows", false, steps.Input{"body": pairs("p:a", 1), "namespaces": later}, nil},
		{"values that the run knows", false, steps.Input{"body": pairs("a", []any{later, pairs("b", later)})}, nil},
		{"an envelope that the run knows", false, steps.Input{"envelope": later}, nil},
		{"placeholders that the run knows", false, steps.Input{"envelope": writtenOut, "params": later}, nil},
		{"a placeholder that the run knows", false, steps.Input{"envelope": writtenOut, "params": pairs("x", later)}, nil},
		{"typed params", true, steps.Input{"params": later}, nil},
		{"typed headers", true, steps.Input{"headers": later}, nil},
		{"a typed header", true, steps.Input{"headers": session(later)}, nil},
		{"who a header is for", true, steps.Input{"headers": session(pairs("sessionId", "S", "_actor", later))}, nil},
		{"a namespace of a header", true, steps.Input{"headers": pairs("x:A", "1"), "namespaces": pairs("x", later)}, nil},
		{"an endpoint", true, steps.Input{"endpoint": later}, nil},

		{"a body that is a text", false, steps.Input{"body": "<a/>"}, []string{"body must be a mapping of elements"}},
		{"headers that are a text", false, steps.Input{"body": pairs("a", 1), "headers": "x"}, []string{"headers must be a mapping of elements"}},
		{"a prefix in the body", false, steps.Input{"body": pairs("a", pairs("p:b", 1))}, []string{`body.a.p:b the prefix "p" is not declared`}},
		{"a prefix in the headers", false, steps.Input{"body": pairs("a", 1), "headers": pairs("p:b", 1)}, []string{`headers.p:b the prefix "p" is not declared`}},
		{"a namespace that is none", false, steps.Input{"body": pairs("a", 1), "namespaces": pairs("p", "")}, []string{"namespaces.p "}},
		{"fields of a WSDL", false, steps.Input{"body": pairs("a", 1), "operation": "o", "service": "s", "port": "p", "strict": true, "mtom": true},
			[]string{"operation needs a WSDL", "service needs a WSDL", "port needs a WSDL", "strict needs a WSDL", "mtom needs a WSDL"}},
		{"fields of a WSDL that are off", false, steps.Input{"body": pairs("a", 1), "strict": false, "mtom": false}, nil},
		{"params without a WSDL", false, steps.Input{"params": pairs("a", 1)}, []string{"params needs a WSDL, or an envelope with placeholders"}},
		{"nothing to send", false, steps.Input{}, []string{" lacks the message"}},
		{"headers beside an envelope", false, steps.Input{"envelope": writtenOut, "params": pairs("x", 1), "headers": pairs("a", 1)}, []string{"headers cannot stand beside an envelope"}},
		{"nowhere to send to", false, steps.Input{"body": pairs("a", 1), "path": nil}, []string{" lacks the address to send to"}},
		{"another version than the envelope's", false, steps.Input{"envelope": writtenOut, "params": pairs("x", 1), "version": "1.2"}, []string{"version is 1.2, and the envelope is one of SOAP 1.1"}},

		{"addressing without an action", false, steps.Input{"body": pairs("a", 1), "addressing": true}, []string{"addressing needs an action"}},
		{"addressing beside an envelope", false, steps.Input{"envelope": writtenOut, "params": pairs("x", 1), "addressing": true}, []string{"addressing cannot stand beside an envelope"}},
		{"no addressing beside an envelope", false, steps.Input{"envelope": writtenOut, "params": pairs("x", 1), "addressing": false}, nil},
		{"a namespace that is none, typed", true, steps.Input{"headers": pairs("x:A", "1"), "namespaces": pairs("x", "")}, []string{"namespaces.x "}},

		{"an envelope that is not there", false, steps.Input{"envelope": "none.xml"}, []string{"envelope "}},
		{"placeholders that are no mapping", false, steps.Input{"envelope": writtenOut, "params": "x"}, []string{"params must be a mapping of the envelope's placeholders to values"}},
		{"a WSDL with several mistakes", true, steps.Input{"wsdl": "wrong.wsdl"}, []string{"wsdl cannot be used: wrong.wsdl:4:", "wsdl cannot be used: wrong.wsdl:5:"}},

		{"an endpoint that is none", false, steps.Input{"body": pairs("a", 1), "path": nil, "endpoint": "erp.example.com"}, []string{"endpoint is not an http or https address"}},
		{"a sign-in of the step's own", false, steps.Input{"body": pairs("a", 1), "http_headers": pairs("Authorization", "x")}, []string{"http_headers.Authorization cannot be set by a step"}},
		{"fields without a WSDL", true, steps.Input{"body": pairs("a", 1), "envelope": "e.xml", "lists": []any{"a"}},
			[]string{"body cannot stand beside a WSDL", "envelope cannot stand beside a WSDL", "lists cannot stand beside a WSDL"}},
		{"no operation", true, steps.Input{"operation": nil}, []string{" lacks the operation of the WSDL to call"}},
		{"no such file", true, steps.Input{"wsdl": "none.wsdl"}, []string{"wsdl cannot be used: "}},
		{"a path without a profile", true, steps.Input{"wsdl": "/w", "profile": nil, "path": nil}, []string{"wsdl stands below a profile's base URL"}},
		{"a version that no port has", true, steps.Input{"port": "OrderPort", "version": "1.2"}, []string{"version no port of the WSDL speaks SOAP 1.2"}},
		{"headers that are no mapping", true, steps.Input{"headers": "x"}, []string{"headers must be a mapping of header blocks"}},
		{"a prefix that is not declared", true, steps.Input{"headers": pairs("x:A", "1")}, []string{`headers.x:A has the prefix "x", which is not under namespaces`}},
		{"a header of the schema", true, steps.Input{"headers": pairs("o:LimitHeader", pairs("left", "few")), "namespaces": pairs("o", ordersSpace)}, []string{"headers.o:LimitHeader.left "}},
		{"a header that no schema knows", true, steps.Input{"headers": pairs("x:A", pairs("y:b", 1)), "namespaces": pairs("x", "urn:x")}, []string{`headers.x:A.y:b the prefix "y" is not declared`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := steps.Input{"profile": "p", "base_url": "http://example.com", "path": "/x"}
			if tt.typed {
				in["wsdl"], in["operation"], in["params"] = "orders.wsdl", "PlaceOrder", order()
			}
			for key, value := range tt.fields {
				in[key] = value
			}
			dir := withWSDL(t).Dir
			if err := os.WriteFile(filepath.Join(dir, "wrong.wsdl"), []byte(wrongWSDL), 0o600); err != nil {
				t.Fatal(err)
			}
			told(t, soap.Kind().Check(in, dir), tt.want)
		})
	}
}
