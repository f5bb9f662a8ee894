package soap_test

import (
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

const oddSpace = "http://example.com/odd"

// calling makes the input for an operation of odd.wsdl.
func calling(s *steptest.Server, operation string, params any, more steps.Input) steps.Input {
	in := under(s, steps.Input{"wsdl": "odd.wsdl", "operation": operation, "params": params, "service": "OddService"})
	for key, value := range more {
		in[key] = value
	}
	return in
}

// TestOddMessages holds what is sent and read where a message is not one wrapped element.
func TestOddMessages(t *testing.T) {
	t.Parallel()
	const told, codes = `<o:Told xmlns:o="` + oddSpace + `">x</o:Told>`, `<o:Codes xmlns:o="` + oddSpace + `">1 2</o:Codes>`
	const both = "Told in the namespace http://example.com/odd, Codes in the namespace http://example.com/odd"
	several := pairs("limit", 7, "ask", pairs("text", "hi"))
	add := pairs("a", 1, "b", 2)
	sum := func(parts string) string { return `<n:addResponse xmlns:n="urn:odd">` + parts + `</n:addResponse>` }
	tests := []struct {
		name, operation string
		params          any
		more            steps.Input
		sent, answer    string
		want            any
		warnings        []string
	}{
		{"several elements", "several", several, nil, `<soapenv:Body><ns1:Ask><ns1:text>hi</ns1:text></ns1:Ask><ns1:Limit>7</ns1:Limit></soapenv:Body>`,
			told + codes, map[string]any{"Told": "x", "Codes": []any{1, 2}}, nil},
		{"a list that comes twice", "several", several, nil, "", codes + told + codes, map[string]any{"Told": "x", "Codes": []any{[]any{1, 2}, []any{1, 2}}}, nil},
		{"one of two", "several", several, nil, "", told, map[string]any{"Told": "x"}, []string{"Codes is missing: a part of the message"}},
		{"another element", "several", several, nil, "", told + codes + `<y/>`, map[string]any{"Told": "x", "Codes": []any{1, 2}, "y": ""}, []string{"y stands where the WSDL has " + both}},
		{"another namespace", "several", several, nil, "", told + `<Codes>3</Codes>`, map[string]any{"Told": "x", "Codes": []any{3}}, []string{"Codes stands where the WSDL has " + both}},
		{"no element", "several", several, nil, "", "", nil, []string{" the body is empty, and the WSDL has " + both + " in it"}},
		{"the action that the WSDL gives for WS-Addressing", "several", several, nil, `<wsa:Action>urn:given</wsa:Action>`, told + codes, map[string]any{"Told": "x", "Codes": []any{1, 2}}, nil},
		{"the action of the step", "several", several, steps.Input{"action": "urn:mine"}, `<wsa:Action>urn:mine</wsa:Action>`, told + codes, map[string]any{"Told": "x", "Codes": []any{1, 2}}, nil},
		{"the default action", "nothing", nil, nil, `<wsa:Action>http://example.com/odd/Documents/nothingRequest</wsa:Action>`, "", nil, nil},
		{"nothing both ways", "nothing", nil, nil, `<soapenv:Body/>`, "", nil, nil},
		{"nothing, written out", "nothing", pairs(), steps.Input{"addressing": false}, `"><soapenv:Body/>`, "", nil, nil},
		{"something for nothing", "nothing", nil, nil, "", told, "x", []string{"Told stands in the namespace http://example.com/odd where the WSDL has nothing"}},
		{"a type in a document", "typed", "hi", nil, `<soapenv:Body><text>hi</text></soapenv:Body>`, `<count>7</count>`, 7, nil},

		{"two parts", "add", add, nil, `<ns1:add xmlns:ns1="urn:odd"><a>1</a><b>2</b></ns1:add>`, sum(`<sum>3</sum><note>n</note>`), map[string]any{"sum": 3, "note": "n"}, nil},
		{"the overload with one part", "add", pairs("a", 1), nil, `<ns1:add xmlns:ns1="urn:odd"><a>1</a></ns1:add>`, sum(`<note>n</note><sum>3</sum>`), map[string]any{"sum": 3, "note": "n"}, nil},
		{"a part under another name", "add", add, nil, "", sum(`<note>n</note><return>3</return>`), map[string]any{"note": "n", "return": "3"}, []string{"return is no part of the message", "sum is missing: a part of the message"}},
		{"all parts under other names", "add", add, nil, "", sum(`<x>3</x><y>n</y>`), map[string]any{"sum": 3, "note": "n"}, nil},
		{"a part too few", "add", add, nil, "", sum(`<sum>3</sum>`), map[string]any{"sum": 3}, []string{"note is missing: a part of the message"}},
		{"a part too many", "add", add, nil, "", sum(`<sum>3</sum><note>n</note><x>1</x>`), map[string]any{"sum": 3, "note": "n", "x": "1"}, []string{"x is no part of the message"}},
		{"parts with a namespace", "add", add, nil, "", sum(`<n:note>n</n:note><n:sum>3</n:sum>`), map[string]any{"sum": 3, "note": "n"}, nil},
		{"a part twice", "add", add, nil, "", sum(`<sum>3</sum><sum>4</sum><note>n</note>`), map[string]any{"sum": []any{3, 4}, "note": "n"}, nil},
		{"another wrapper", "add", add, nil, "", `<addReturn><sum>3</sum><note>n</note></addReturn>`, map[string]any{"sum": 3, "note": "n"}, []string{"addReturn stands where the WSDL has the wrapper addResponse in the namespace urn:odd"}},
		{"something behind the wrapper", "add", add, nil, "", sum(`<sum>3</sum><note>n</note>`) + `<x/>`, map[string]any{"sum": 3, "note": "n"}, []string{"x stands behind the wrapper, where nothing may"}},
		{"no wrapper", "add", add, nil, "", "", nil, []string{" the body is empty, and the WSDL has addResponse in the namespace urn:odd in it"}},
		{"an element in an rpc message", "mixed", pairs("limit", 7, "text", "t"), steps.Input{"port": "Calls"}, `<ns1:mixed xmlns:ns1="urn:odd" xmlns:ns2="` + oddSpace + `"><ns2:Limit>7</ns2:Limit><text>t</text></ns1:mixed>`,
			`<n:mixedResponse xmlns:n="urn:odd">` + codes + `</n:mixedResponse>`, map[string]any{"codes": []any{1, 2}}, nil},
		{"what is the result", "mixed", pairs("limit", 7, "text", "t"), steps.Input{"port": "Calls12"}, `soapenv:encodingStyle="http://www.w3.org/2003/05/soap-encoding"`,
			`<n:mixedResponse xmlns:n="urn:odd"><r:result xmlns:r="http://www.w3.org/2003/05/soap-rpc">x</r:result>` + codes + `</n:mixedResponse>`, map[string]any{"codes": []any{1, 2}}, nil},
		{"a circle", "mixed", pairs("limit", 7, "text", "t"), steps.Input{"port": "Calls12", "expect": nil}, "", `<n:mixedResponse xmlns:n="urn:odd" xmlns:e="http://www.w3.org/2003/05/soap-encoding" e:id="a"><x e:ref="a"/></n:mixedResponse>`,
			"error: contains itself by its references", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", answering(200, tt.answer))
			out, err := soap.Kind().Run(t.Context(), calling(s, tt.operation, tt.params, tt.more), &withWSDL(t).Env)
			if text, _ := tt.want.(string); strings.HasPrefix(text, "error: ") {
				if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, text[7:]) {
					t.Errorf("got %+v", e)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(out.Value, tt.want) {
				t.Errorf("output: got %v, want %v", out.Value, tt.want)
			}
			if sent := withoutDeclarations(s.Last().Body); !strings.Contains(sent, tt.sent) && !strings.Contains(sent, withoutDeclarations(tt.sent)) {
				t.Errorf("got %s\nwant %s in it", sent, tt.sent)
			}
			var warnings []string
			for _, w := range out.Names["warnings"].([]any) {
				w := w.(map[string]any)
				warnings = append(warnings, w["path"].(string)+" "+w["message"].(string))
			}
			if !reflect.DeepEqual(warnings, tt.warnings) {
				t.Errorf("warnings: got %q, want %q", warnings, tt.warnings)
			}
		})
	}
}

// withoutDeclarations leaves out the declarations of ns1 and so on, which stand at the root.
func withoutDeclarations(text string) string {
	for _, part := range strings.Split(text, " xmlns:ns")[min(1, strings.Count(text, " xmlns:ns")):] {
		declared, _, _ := strings.Cut(part, `"`)
		value, _, _ := strings.Cut(part[len(declared)+1:], `"`)
		text = strings.ReplaceAll(text, " xmlns:ns"+declared+`"`+value+`"`, "")
	}
	return text
}

// TestOddMistakes holds what is told of params and ports that do not fit.
func TestOddMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, operation string
		params          any
		more            steps.Input
		want            []string
	}{
		{"several services", "add", pairs("a", 1), steps.Input{"service": nil}, []string{"operation add is an operation of several services: OddService, EvenService"}},
		{"no params for nothing", "nothing", nil, nil, nil},
		{"params for nothing that the run knows", "nothing", steps.Unknown{}, nil, nil},
		{"an operation of one service", "several", pairs("ask", pairs("text", "hi"), "limit", 7), steps.Input{"service": nil}, nil},
		{"params for nothing", "nothing", pairs("a", 1), nil, []string{"params cannot stand here: the operation nothing takes nothing"}},
		{"a text for nothing", "nothing", "x", nil, []string{"params cannot stand here: the operation nothing takes nothing"}},
		{"params that are no mapping", "several", "x", nil, []string{"params must be a mapping of the message's parts: ask, limit"}},
		{"mistakes in parts", "several", pairs("ask", pairs("txt", "hi"), "limit", "x"), nil, []string{"params.ask.txt ", "params.ask ", "params.limit "}},
		{"mistakes in parts of a call", "add", pairs("a", "x", "b", 1), nil, []string{"params.a "}},
		{"a mistake in an element of a call", "mixed", pairs("limit", "x", "text", "t"), nil, []string{"params.limit "}},
		{"no operation of that name", "multiply", nil, nil, []string{`operation the WSDL has no operation "multiply"`}},
		{"an address that is none", "add", pairs("a", 1), steps.Input{"service": "EvenService", "path": nil}, []string{`wsdl the WSDL gives the port the address "none", which is none`}},
		{"an address elsewhere", "add", pairs("a", 1), steps.Input{"path": nil}, []string{"wsdl the WSDL's address http://odd.example.com/calls is not at the profile's base URL"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, env := steptest.NewServer(t).On("POST /soap", answering(500, "")), withWSDL(t)
			in := calling(s, tt.operation, tt.params, tt.more)
			told(t, soap.Kind().Check(in, env.Dir), tt.want)
			if in["params"] == any(steps.Unknown{}) {
				return
			}
			_, err := soap.Kind().Run(t.Context(), in, &env.Env)
			told(t, failed(t, err).Problems, tt.want)
		})
	}
}

// TestFaultWithAType holds that the detail of an rpc fault is read by the type of its part, and that the fault of each version is read
// in an envelope of the other.
func TestFaultWithAType(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, fault, code string }{
		{"of SOAP 1.1", `<e:Fault><faultcode>e:Server</faultcode><faultstring>no</faultstring><detail><reason><code>7</code></reason></detail></e:Fault>`, "Server"},
		{"of SOAP 1.2", `<e:Fault><Code><Value>e:Receiver</Value></Code><Reason><Text>no</Text></Reason><Detail><reason><code>7</code></reason></Detail></e:Fault>`, "Receiver"},
	}
	for _, tt := range tests {
		for space, name := range map[string]string{space11: "1.1", space12: "1.2"} {
			t.Run(tt.name+" in "+name, func(t *testing.T) {
				t.Parallel()
				answer := answering(500, tt.fault)
				answer.Body = strings.Replace(answer.Body, space11, space, 1)
				s := steptest.NewServer(t).On("POST /soap", answer)
				_, err := soap.Kind().Run(t.Context(), calling(s, "add", pairs("a", 1, "b", 2), nil), &withWSDL(t).Env)
				want := map[string]any{"code": tt.code, "subcodes": []any{}, "message": "no", "detail": map[string]any{"reason": map[string]any{"code": 7}}}
				if e := failed(t, err); !reflect.DeepEqual(e.Fields["fault"], want) || e.NoEffect || e.Hint != "" {
					t.Errorf("got %+v", e)
				}
			})
		}
	}
}
