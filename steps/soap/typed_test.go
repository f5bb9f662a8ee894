package soap_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// withWSDL gives surroundings whose project has the WSDLs of testdata.
func withWSDL(t *testing.T) *steptest.Env {
	t.Helper()
	env := steptest.NewEnv(t)
	for _, name := range []string{"orders.wsdl", "stock.wsdl", "odd.wsdl"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(env.Dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return env
}

func order(extra ...any) steps.Pairs {
	line := pairs("price", pairs("currency", "EUR", "_", steps.Scalar{Value: 0.1, Text: "0.10"}), "no", 1)
	return pairs("order", append(pairs("version", "1", "line", []any{line}, "customer", pairs("_type", "Person", "firstName", "Ann")), pairs(extra...)...))
}

func placing(s *steptest.Server, fields steps.Input) steps.Input {
	in := under(s, steps.Input{"wsdl": "orders.wsdl", "operation": "PlaceOrder", "params": order()})
	for name, value := range fields {
		in[name] = value
	}
	return in
}

const (
	ordersSpace = "http://example.com/orders"
	placed      = `<o:PlaceOrderResponse xmlns:o="` + ordersSpace + `"><o:number>9007199254740993</o:number><o:line><o:no>1</o:no><o:price currency="EUR">0.10</o:price></o:line></o:PlaceOrderResponse>`
)

func TestTypedMessageAsItArrives(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", withHeaders(200, `<o:LimitHeader xmlns:o="`+ordersSpace+`" e:mustUnderstand="1"><o:left>7</o:left></o:LimitHeader>`, placed))
	out, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"headers": pairs("SessionHeader", pairs("sessionId", "S-1", "_actor", "urn:gate"))}), &withWSDL(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"number": 9007199254740993, "line": []any{map[string]any{"no": 1, "price": map[string]any{"_": 0.1, "currency": "EUR"}}}}
	if !reflect.DeepEqual(out.Value, want) {
		t.Errorf("output: got %v, want %v", out.Value, want)
	}
	if got := out.Names["soap_headers"]; !reflect.DeepEqual(got, map[string]any{"LimitHeader": map[string]any{"left": 7}}) {
		t.Errorf("soap_headers: got %v", got)
	}
	if got := out.Names["warnings"]; !reflect.DeepEqual(got, []any{}) {
		t.Errorf("warnings: got %v", got)
	}
	got := s.Last()
	if got.Header.Get("SOAPAction") != `"urn:place"` || got.Header.Get("Content-Type") != "text/xml; charset=utf-8" {
		t.Errorf("got %v", got.Header)
	}
	body := `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="` + space11 + `" xmlns:ns1="` + ordersSpace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<soapenv:Header><ns1:SessionHeader soapenv:actor="urn:gate"><ns1:sessionId>S-1</ns1:sessionId></ns1:SessionHeader></soapenv:Header>` +
		`<soapenv:Body><ns1:PlaceOrder><ns1:order version="1"><ns1:customer xsi:type="ns1:Person"><ns1:firstName>Ann</ns1:firstName></ns1:customer>` +
		`<ns1:line><ns1:no>1</ns1:no><ns1:price currency="EUR">0.10</ns1:price></ns1:line></ns1:order></ns1:PlaceOrder></soapenv:Body></soapenv:Envelope>
`
	if got.Body != body {
		t.Errorf("got\n%s\nwant\n%s", got.Body, body)
	}
}

func TestMistakesBeforeSending(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fields steps.Input
		want   []string // path and beginning of the message
	}{
		{"no such operation", steps.Input{"operation": "PlaceOrdr"}, []string{`operation the WSDL has no operation "PlaceOrdr"`}},
		{"an operation of another port", steps.Input{"operation": "Note", "version": "1.2", "params": pairs("text", "a")}, []string{"operation Note is an operation of the port OrderPort of OrderService, with SOAP 1.1, which this step leaves out"}},
		{"no such port", steps.Input{"port": "X"}, []string{`port the WSDL has no port "X"`}},
		{"no such service", steps.Input{"service": "X"}, []string{`service the WSDL has no service "X"`}},
		{"a header that is none", steps.Input{"headers": pairs("SesionHeader", pairs())}, []string{`headers.SesionHeader is no header of the operation PlaceOrder`}},
		{"several in params", steps.Input{"params": order("wanted", "tomorrow", "colour", "red")}, []string{"params.order.wanted ", "params.order.colour "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t)
			env := withWSDL(t)
			in := placing(s, tt.fields)
			_, err := soap.Kind().Run(t.Context(), in, &env.Env)
			told(t, failed(t, err).Problems, tt.want)
			told(t, soap.Kind().Check(in, env.Dir), tt.want)
		})
	}
}

func told(t *testing.T, problems []steps.Problem, want []string) {
	t.Helper()
	if len(problems) != len(want) {
		t.Fatalf("got %+v, want %q", problems, want)
	}
	for _, w := range want {
		found := false
		for _, p := range problems {
			found = found || strings.HasPrefix(p.Path+" "+p.Message, w)
		}
		if !found {
			t.Errorf("got %+v, want %q among them", problems, w)
		}
	}
}

func TestTypedFault(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(500, `<e:Fault><faultcode>e:Server</faultcode><faultstring>no</faultstring><detail><o:Refused xmlns:o="`+ordersSpace+`"><o:code>7</o:code></o:Refused></detail></e:Fault>`))
	_, err := soap.Kind().Run(t.Context(), placing(s, nil), &withWSDL(t).Env)
	got, _ := failed(t, err).Fields["fault"].(map[string]any)
	if want := map[string]any{"Refused": map[string]any{"code": 7}}; !reflect.DeepEqual(got["detail"], want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFaultWithAnOddDetail(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(500, `<e:Fault><faultcode>e:Server</faultcode><detail><o:Refused xmlns:o="`+ordersSpace+`"><o:code>seven</o:code></o:Refused></detail></e:Fault>`))
	out, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"expect_fault": true}), &withWSDL(t).Env)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{"path": "detail.Refused.code", "message": `"seven" is not a whole number`}}
	if got := out.Names["warnings"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLenientAndStrict(t *testing.T) {
	t.Parallel()
	odd := answering(200, `<o:PlaceOrderResponse xmlns:o="`+ordersSpace+`"><o:extra>1</o:extra><o:number>many</o:number></o:PlaceOrderResponse>`)
	odd.Times = 2
	s := steptest.NewServer(t).On("POST /soap", odd)
	env := withWSDL(t)
	out, err := soap.Kind().Run(t.Context(), placing(s, nil), &env.Env)
	if want := map[string]any{"extra": "1", "number": "many", "line": []any{}}; err != nil || !reflect.DeepEqual(out.Value, want) || len(out.Names["warnings"].([]any)) != 2 {
		t.Errorf("got %v, %v, %v, want %v", out.Value, out.Names["warnings"], err, want)
	}
	_, err = soap.Kind().Run(t.Context(), placing(s, steps.Input{"strict": true}), &env.Env)
	if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "the answer is not as the WSDL says: ") {
		t.Errorf("got %+v", e)
	}
}

// TestBodyOfAnotherElement holds that a body without what the WSDL has in it is warned of, and refused where the step is strict.
func TestBodyOfAnotherElement(t *testing.T) {
	t.Parallel()
	wanted := "PlaceOrderResponse in the namespace " + ordersSpace
	tests := []struct{ name, operation, body, path, message string }{
		{"nothing", "PlaceOrder", ``, "", "the body is empty, and the WSDL has " + wanted + " in it"},
		{"another element", "PlaceOrder", `<a xmlns="urn:a"/>`, "a", "stands in the namespace urn:a where the WSDL has " + wanted},
		{"nothing of a wrapper", "count", ``, "", "the body is empty, and the WSDL has countResponse in the namespace urn:stock in it"},
		{"another wrapper", "count", `<counted><return>1</return></counted>`, "counted", "stands where the WSDL has the wrapper countResponse in the namespace urn:stock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := answering(200, tt.body)
			answer.Times = 2
			s, env := steptest.NewServer(t).On("POST /soap", answer), withWSDL(t)
			in := placing(s, nil)
			if tt.operation == "count" {
				in = under(s, steps.Input{"wsdl": "stock.wsdl", "operation": "count", "params": pairs("limit", 2, "skus", "A")})
			}
			out, err := soap.Kind().Run(t.Context(), in, &env.Env)
			if want := []any{map[string]any{"path": tt.path, "message": tt.message}}; err != nil || !reflect.DeepEqual(out.Names["warnings"], want) {
				t.Errorf("got %v, %v, want %v", out.Names["warnings"], err, want)
			}
			in["strict"] = true
			_, err = soap.Kind().Run(t.Context(), in, &env.Env)
			if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, tt.message) {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestOneWay(t *testing.T) {
	t.Parallel()
	page := steptest.Answer{Header: steptest.Header("Content-Type", "text/html"), Body: "<html><title>Sign in</title></html>"}
	for name, tt := range map[string]struct {
		answer steptest.Answer
		fails  bool
	}{
		"202":            {steptest.Answer{Status: 202}, false},
		"204":            {steptest.Answer{Status: 204}, false},
		"a word":         {steptest.Text(200, "OK"), false},
		"an envelope":    {answering(200, ""), false},
		"a page":         {page, true},
		"broken":         {steptest.Text(200, "<e:Envelope>"), true},
		"a fault":        {answering(200, `<e:Fault><faultcode>Server</faultcode></e:Fault>`), true},
		"another status": {steptest.Text(500, "no"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", tt.answer)
			out, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"operation": "Note", "params": pairs("text", "hi")}), &withWSDL(t).Env)
			if (err != nil) != tt.fails || out.Value != nil || s.Last().Header.Get("SOAPAction") != `""` {
				t.Errorf("got %v, %v, %v", out.Value, err, s.Last().Header)
			}
		})
	}
}

func TestMTOM(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap12", steptest.Answer{Header: steptest.Header("Content-Type", `multipart/related; boundary=b; type="application/xop+xml"; start="<r>"`),
		Body: "--b\r\nContent-Type: application/xop+xml; charset=utf-8\r\nContent-ID: <r>\r\n\r\n<e:Envelope xmlns:e=\"" + space12 + "\"><e:Body>" +
			strings.Replace(placed, "<o:no>1</o:no>", `<o:no>1</o:no><o:photo><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:p"/></o:photo>`, 1) +
			"</e:Body></e:Envelope>\r\n--b\r\nContent-ID: <p>\r\n\r\n\x00\x01\r\n--b--\r\n"})
	env := withWSDL(t)
	if err := os.WriteFile(filepath.Join(env.Dir, "p.jpg"), []byte("\xff\xd8JPEG"), 0o600); err != nil {
		t.Fatal(err)
	}
	params := pairs("order", pairs("customer", pairs("_type", "Person", "firstName", "Ann"), "line", []any{pairs("no", 1, "photo", pairs("file", "p.jpg"))}))
	out, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"mtom": true, "path": "/soap12", "port": "OrderPort12", "params": params}), &env.Env)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Last()
	if !strings.HasPrefix(got.Header.Get("Content-Type"), "multipart/related") || !strings.Contains(got.Header.Get("Content-Type"), `action="urn:place"`) || !strings.Contains(got.Body, "\r\n\xff\xd8JPEG\r\n") {
		t.Errorf("got %v\n%s", got.Header, got.Body)
	}
	line := out.Value.(map[string]any)["line"].([]any)[0].(map[string]any)
	if line["photo"] != "AAE=" {
		t.Errorf("got %v", line)
	}
}

func TestEncodedMessages(t *testing.T) {
	t.Parallel()
	found := answering(200, `<n:findResponse xmlns:n="urn:stock"><return xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="enc:Array" xmlns:s="http://example.com/stock" enc:arrayType="s:Item[2]"><item href="#a"/><item href="#a"/></return></n:findResponse>`+
		`<multiRef id="a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="s:Item" xmlns:s="http://example.com/stock"><sku>A</sku><count>7</count></multiRef>`)
	s := steptest.NewServer(t).On("POST /soap", found)
	in := under(s, steps.Input{"wsdl": "stock.wsdl", "operation": "find", "params": pairs("limit", 2, "skus", "A")})
	out, err := soap.Kind().Run(t.Context(), in, &withWSDL(t).Env)
	item := map[string]any{"sku": "A", "count": 7}
	if want := map[string]any{"return": []any{item, item}}; err != nil || !reflect.DeepEqual(out.Value, want) {
		t.Errorf("got %v, %v, want %v; warnings %v", out.Value, err, want, out.Names["warnings"])
	}
	want := `<soapenv:Body><ns1:find soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><skus xsi:type="xsd:string">A</skus><limit xsi:type="xsd:int">2</limit></ns1:find></soapenv:Body>`
	if !strings.Contains(s.Last().Body, want) {
		t.Errorf("got %s\nwant %s in it", s.Last().Body, want)
	}
}

func TestRPCLiteral(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(200, `<n:countResponse xmlns:n="urn:stock"><return>1</return></n:countResponse>`))
	env := withWSDL(t)
	in := under(s, steps.Input{"wsdl": "stock.wsdl", "operation": "count", "params": pairs("limit", 2, "skus", "A")})
	out, err := soap.Kind().Run(t.Context(), in, &env.Env)
	if want := map[string]any{"return": true}; err != nil || !reflect.DeepEqual(out.Value, want) {
		t.Errorf("got %v, %v, want %v", out.Value, err, want)
	}
	if want := `<ns1:count><skus>A</skus><limit>2</limit></ns1:count>`; !strings.Contains(s.Last().Body, want) {
		t.Errorf("got %s\nwant %s in it", s.Last().Body, want)
	}
	in["params"] = pairs("limt", 2, "skus", "A")
	told(t, soap.Kind().Check(in, env.Dir), []string{"params lacks limit, a part of the message", "params.limt is no part of the message"})
}

func TestFetchedWSDL(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "orders.wsdl"))
	if err != nil {
		t.Fatal(err)
	}
	again := answering(200, placed)
	again.Times = 2
	s := steptest.NewServer(t).On("POST /soap", again).On("GET /orders.wsdl", steptest.Text(503, "later"), steptest.Answer{Header: http.Header{"Content-Type": {"text/xml"}}, Body: string(data)})
	kind := soap.Kind()
	in := placing(s, steps.Input{"wsdl": "/orders.wsdl?wsdl&v=1"})
	_, err = kind.Run(t.Context(), in, &steptest.NewEnv(t).Env)
	if e := failed(t, err); !e.NoEffect || !strings.Contains(e.Message, "503") {
		t.Errorf("got %+v", e)
	}
	if got := s.Last().Raw; got != "wsdl&v=1" {
		t.Errorf("it was asked for with the query %q", got)
	}
	for range 2 { // it is fetched once: the script has it once
		if _, err := kind.Run(t.Context(), in, &steptest.NewEnv(t).Env); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddressing(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", withHeaders(200, `<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:other</a:RelatesTo>`, placed))
	_, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"addressing": true, "idempotency_key": "k"}), &withWSDL(t).Env)
	if e := failed(t, err); e.Kind != steps.Content || !strings.Contains(e.Message, "the answer is to the message urn:uuid:other, and this one was urn:uuid:") {
		t.Errorf("got %+v", e)
	}
	for _, want := range []string{`<wsa:Action>urn:place</wsa:Action><wsa:MessageID>urn:uuid:`, `<wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address></wsa:ReplyTo><wsa:To>` + s.URL + `/soap</wsa:To>`} {
		if !strings.Contains(s.Last().Body, want) {
			t.Errorf("got %s\nwant %s in it", s.Last().Body, want)
		}
	}
}

func TestAddressInTheWSDL(t *testing.T) {
	t.Parallel()
	env := withWSDL(t)
	in := steps.Input{"profile": "erp", "base_url": "https://erp.example.com", "wsdl": "orders.wsdl", "operation": "PlaceOrder", "params": order()}
	told(t, soap.Kind().Check(in, env.Dir), []string{"wsdl the WSDL's address http://orders.example.com/soap is not at the profile's base URL, so the profile would not sign in there"})
	in["auth"] = "none"
	told(t, soap.Kind().Check(in, env.Dir), nil)
	delete(in, "auth")
	in["signs_in"] = true
	told(t, soap.Kind().Check(in, env.Dir), []string{"wsdl the WSDL's address"})
	in["signs_in"] = false
	told(t, soap.Kind().Check(in, env.Dir), nil)
	in["ws_security"] = steps.Input{"username": "ann", "password": "x"}
	told(t, soap.Kind().Check(in, env.Dir), []string{"wsdl the WSDL's address"})
	in["origins"] = []any{"http://orders.example.com"}
	told(t, soap.Kind().Check(in, env.Dir), nil)

	// Some services, such as those of ServiceNow, are told apart by the query.
	file := filepath.Join(env.Dir, "orders.wsdl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("orders.example.com/soap\""), []byte("other.example.com/orders.do?SOAP\""), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	problems := soap.Kind().Check(in, env.Dir)
	if want := "write path: /orders.do?SOAP to use the base URL"; len(problems) != 1 || !strings.HasPrefix(problems[0].Hint, want) {
		t.Errorf("got %+v, want the hint %q", problems, want)
	}
}
