package soap_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// xmlAnswer is an answer with a body as it stands.
func xmlAnswer(status int, body string) steptest.Answer {
	return steptest.Answer{Status: status, Header: steptest.Header("Content-Type", "text/xml"), Body: body}
}

// TestPlainContent holds what is given of a body that no schema describes.
func TestPlainContent(t *testing.T) {
	t.Parallel()
	const xsi = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/"`
	object := func(keysAndValues ...any) map[string]any {
		out := map[string]any{}
		for _, p := range pairs(keysAndValues...) {
			out[p.Key] = p.Value
		}
		return out
	}
	tests := []struct {
		name, body string
		want       any
	}{
		{"an id is no reference", `<a>1</a><b id="7">2</b>`, object("a", "1", "b", object("_", "2", "id", "7"))},
		{"types are no reference", `<a xsi:type="xsd:int"` + xsi + `>1</a><b xsi:type="xsd:int"` + xsi + `>2</b>`, object("a", "1", "b", "2")},
		{"arrays that come again", `<r` + xsi + `><n enc:arrayType="xsd:int[2]"><i>1</i><i>2</i></n><n enc:arrayType="xsd:int[1]"><i>3</i></n></r>`, object("n", []any{[]any{"1", "2"}, []any{"3"}})},
		{"an array that is named as a list", `<r` + xsi + `><l enc:arrayType="xsd:int[1]"><i>1</i></l></r>`, object("l", []any{"1"})},
		{"an attribute", `<r` + xsi + ` unit="kg"><n xsi:type="xsd:int">1</n></r>`, object("unit", "kg", "n", "1")},
		{"text between", `<r` + xsi + `> x <n xsi:type="xsd:int">1</n></r>`, object("n", "1")},
		{"one element that is a list", `<l>1</l><b>2</b>`, object("l", []any{"1"}, "b", "2")},
		{"a reference of SOAP 1.2", `<r xmlns:e="http://www.w3.org/2003/05/soap-encoding"><a e:ref="x"/></r><m xmlns:e="http://www.w3.org/2003/05/soap-encoding" e:id="x">7</m>`, object("a", "7")},
		{"an address that is no reference", `<r><a href="http://example.com/"/></r><m id="x">7</m>`, object("r", object("a", object("href", "http://example.com/")), "m", object("_", "7", "id", "x"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", answering(200, tt.body))
			out, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"body": pairs("q", "1"), "lists": []any{"l"}}))
			if err != nil || !reflect.DeepEqual(out.Value, tt.want) {
				t.Errorf("got %v, %v, want %v", out.Value, err, tt.want)
			}
		})
	}
}

// TestAnswersThatAreNone holds the error of an answer that cannot be read, and what it advises.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	const address = "check the address: it must be that of the service, not of its WSDL"
	envelope := `<e:Envelope xmlns:e="` + space11 + `">`
	noEnd := xmlAnswer(200, "--b\r\n\r\n<a/>")
	noEnd.Header = steptest.Header("Content-Type", "multipart/related; boundary=b")
	noPart := noEnd
	noPart.Body = "--b\r\n\r\n" + envelope + `<e:Body><r><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:none"/></r></e:Body></e:Envelope>` + "\r\n--b--\r\n"
	large := xmlAnswer(200, envelope+"<e:Body><r>"+strings.Repeat("x", 70_000)+"</r></e:Body></e:Envelope>")
	tests := []struct {
		name          string
		answer        steptest.Answer
		message, hint string
	}{
		{"a WSDL", xmlAnswer(200, `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`), "the root element is <definitions>", address},
		{"JSON", steptest.Answer{Header: steptest.Header("Content-Type", "application/json"), Body: "{}"}, "the body is not a SOAP message", address},
		{"a page", xmlAnswer(200, "<html></html>"), "the body is an HTML page, not a SOAP message", "this looks like a page for people (sign-in, maintenance?): check the address, and the profile's sign-in"},
		{"broken XML", xmlAnswer(200, envelope+`<e:Body><a></b>`), "the body is not a SOAP message that can be taken: line 1, ", ""},
		{"a broken multipart message", noEnd, "the body is not a SOAP message that can be taken: the multipart message is broken", ""},
		{"a fault and more", answering(200, `<e:Fault/><a/>`), "a fault stands in the body together with something else", ""},
		{"a part that is not there", noPart, "<r>: xop:Include names the part", ""},
		{"a fault with subcodes", answering(200, `<e:Fault><faultcode>Server.A.B</faultcode></e:Fault>`), "fault Server.A.B", ""},
		{"too large", large, "the body is larger than max_body (64KB)", "raise max_body, or ask for less at once"},
		{"a long fault", answering(200, `<e:Fault><faultcode>Client</faultcode><faultstring>`+strings.Repeat("y", 301)+`</faultstring></e:Fault>`),
			"fault Client: " + strings.Repeat("y", 300) + "…", "the server refused the message; error.fault.detail may say what of it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("POST /soap", tt.answer)
			_, err := steptest.Run(t, soap.Kind(), under(s, steps.Input{"body": pairs("q", "1"), "max_body": int64(64 << 10)}))
			if e := failed(t, err); !strings.Contains(e.Message, tt.message) || e.Hint != tt.hint {
				t.Errorf("got %q, hint %q", e.Message, e.Hint)
			}
		})
	}
}

// TestEmptyAnswers holds when an operation that has an answer may have an empty one.
func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		200: "the body is empty, and the operation PlaceOrder has an answer", 202: "", 204: "", 500: "500 Internal Server Error",
	} {
		for _, body := range []string{"", " \n"} {
			if status == 204 {
				body = ""
			}
			s := steptest.NewServer(t).On("POST /soap", xmlAnswer(status, body))
			out, err := soap.Kind().Run(t.Context(), placing(s, nil), &withWSDL(t).Env)
			if want == "" {
				if err != nil || out.Value != nil || !reflect.DeepEqual(out.Names["warnings"], []any{}) || out.Names["fault"] != nil {
					t.Errorf("%d: got %v, %v", status, out, err)
				}
				continue
			}
			if e := failed(t, err); !strings.Contains(e.Message, want) {
				t.Errorf("%d: got %v", status, err)
			}
		}
	}
	spaces := xmlAnswer(200, strings.Repeat(" ", 100)+answering(200, placed).Body)
	s := steptest.NewServer(t).On("POST /soap", spaces)
	if out, err := soap.Kind().Run(t.Context(), placing(s, nil), &withWSDL(t).Env); err != nil || out.Value == nil {
		t.Errorf("much white space first: got %v, %v", out.Value, err)
	}
}

// TestExpectedStatus holds that an answer with a status that the step expects is decoded as any.
func TestExpectedStatus(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(500, "<r>7</r>"), steptest.Text(500, "no"), answering(500, "<r>7</r>"))
	in := under(s, steps.Input{"body": pairs("q", "1"), "expect": []any{steptest.Status(500)}})
	for _, want := range []any{"7", nil} {
		if out, err := steptest.Run(t, soap.Kind(), in); err != nil || out.Value != want {
			t.Errorf("got %v, %v, want %v", out.Value, err, want)
		}
	}
	delete(in, "expect")
	_, err := steptest.Run(t, soap.Kind(), in)
	if e := failed(t, err); e.Kind != steps.Status || e.Response["body"] != nil {
		t.Errorf("got %+v", e)
	}
}

// TestExpectedFault holds what stands beside a fault that the step lets pass.
func TestExpectedFault(t *testing.T) {
	t.Parallel()
	fault := withHeaders(500, `<o:LimitHeader xmlns:o="`+ordersSpace+`"><o:left>few</o:left></o:LimitHeader>`, `<e:Fault><faultcode>e:Client</faultcode></e:Fault>`)
	s := steptest.NewServer(t).On("POST /soap", fault, fault)
	in := placing(s, steps.Input{"expect_fault": true})
	out, err := soap.Kind().Run(t.Context(), in, &withWSDL(t).Env)
	if warnings, _ := out.Names["warnings"].([]any); err != nil || len(warnings) != 1 || !reflect.DeepEqual(out.Names["soap_headers"], map[string]any{"LimitHeader": map[string]any{"left": "few"}}) {
		t.Errorf("got %v, %v", out.Names, err)
	}
	in["expect"] = []any{steptest.Status(200)}
	if _, err = soap.Kind().Run(t.Context(), in, &withWSDL(t).Env); failed(t, err).Kind != steps.Status {
		t.Errorf("an expectation beside it: got %v", err)
	}
}

// TestFaultDetails holds that what the schema knows is typed in a fault's detail, also where the operation does not declare it.
func TestFaultDetails(t *testing.T) {
	t.Parallel()
	detail := `<o:LimitHeader xmlns:o="` + ordersSpace + `"><o:left>7</o:left></o:LimitHeader><x>8</x><x>9</x>`
	s := steptest.NewServer(t).On("POST /soap", answering(500, `<e:Fault><faultcode>e:Server</faultcode><detail>`+detail+`</detail></e:Fault>`))
	_, err := soap.Kind().Run(t.Context(), placing(s, nil), &withWSDL(t).Env)
	fault, _ := failed(t, err).Fields["fault"].(map[string]any)
	if want := map[string]any{"LimitHeader": map[string]any{"left": 7}, "x": []any{"8", "9"}}; !reflect.DeepEqual(fault["detail"], want) {
		t.Errorf("got %v, want %v", fault["detail"], want)
	}
}

// TestManyWarnings holds that a strict step tells the first few.
func TestManyWarnings(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(200, placed))
	if _, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"strict": true}), &withWSDL(t).Env); err != nil {
		t.Errorf("an answer as it should be: %v", err)
	}
	for count, want := range map[int]string{1: "", 3: "", 4: "; and 1 more"} {
		odd := strings.Replace(placed, "<o:number>", strings.Repeat("<o:x/>", count)+"<o:number>", 1)
		s := steptest.NewServer(t).On("POST /soap", answering(200, odd))
		_, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"strict": true}), &withWSDL(t).Env)
		e := failed(t, err)
		if text, _, _ := strings.Cut(e.Message, " (text/xml"); !strings.HasSuffix(text, want) || strings.Contains(text, "more") != (want != "") || e.Hint == "" {
			t.Errorf("%d: got %+v", count, e)
		}
	}
}

// TestMultipartAnswers holds that the charset is that of the root part, and what history sees of such an answer.
func TestMultipartAnswers(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	multi := xmlAnswer(200, "--b\r\nContent-Type: application/xop+xml; charset=iso-8859-1\r\n\r\n<e:Envelope xmlns:e=\""+space12+"\"><e:Body><r>\xe9</r></e:Body></e:Envelope>\r\n"+
		"--b\r\nContent-Type: image/png\r\nContent-ID: <p>\r\n\r\n\x00\x01\r\n--b--\r\n")
	multi.Header = steptest.Header("Content-Type", "Multipart/Related; boundary=b")
	s := steptest.NewServer(t).On("POST /soap", multi)
	out, err := soap.Kind().Run(t.Context(), under(s, steps.Input{"body": pairs("q", "1"), "version": "1.2"}), &env.Env)
	if err != nil || out.Value != "é" {
		t.Errorf("got %v, %v", out.Value, err)
	}
	if seen := string(env.Exchanges()[0].Response.Body); strings.Contains(seen, "\x00") || !strings.Contains(seen, "<r>") {
		t.Errorf("history has %q", seen)
	}
}

// TestSentParts holds the form of a multipart message, with the value that stands in the params as base64.
func TestSentParts(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("POST /soap", answering(200, placed))
	photo := base64.StdEncoding.EncodeToString([]byte("JPEG"))
	params := pairs("order", pairs("customer", pairs("_type", "Person", "firstName", "Ann"), "line", []any{pairs("no", 1, "photo", photo), pairs("no", 2, "photo", photo)}))
	if _, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"mtom": true, "params": params}), &withWSDL(t).Env); err != nil {
		t.Fatal(err)
	}
	got := s.Last()
	media, boundary, _ := strings.Cut(got.Header.Get("Content-Type"), "; boundary=")
	boundary, rest, _ := strings.Cut(boundary, "; ")
	if want := `multipart/related; start="<part0@snrun.example.com>"; start-info="text/xml"; type="application/xop+xml"`; media+"; "+rest != want {
		t.Errorf("got the Content-Type %s, want %s", got.Header.Get("Content-Type"), want)
	}
	part := func(id, media, content string) string {
		return "--" + boundary + "\r\nContent-Id: <" + id + "@snrun.example.com>\r\nContent-Transfer-Encoding: binary\r\nContent-Type: " + media + "\r\n\r\n" + content
	}
	for _, want := range []string{
		part("part0", `application/xop+xml; charset=UTF-8; type="text/xml"`, "<?xml"), part("part1", "application/octet-stream", "JPEG\r\n"), part("part2", "application/octet-stream", "JPEG\r\n--"+boundary+"--\r\n"),
		`href="cid:part1@snrun.example.com"`, `href="cid:part2@snrun.example.com"`,
	} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("got %s\nwant %s in it", got.Body, want)
		}
	}
}
