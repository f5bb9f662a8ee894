package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// TestSOAPOfNode holds that node-soap understands what was meant, and is understood though it is sloppy: it qualifies elements that
// have no namespace, leaves null out, sends faults with status 200, and those of SOAP 1.2 in an envelope of SOAP 1.1.
func TestSOAPOfNode(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "node")
	const (
		sent = `{version: "2", channel: web, customer: {_type: Person, id: 7, firstName: "Ännä & Co"},
    line: [{no: 1, article: 007, price: {_: 0.10, currency: EUR}}], pickup: 2026-05-06T07:08:09Z, sizes: [1, 2], source: 12, comment: c}`
		back = `{"version":"2","channel":"web","customer":{"_type":"Person","id":"7","firstName":"Ännä & Co"},
    "line":[{"no":1,"article":"007","price":{"_":0.1,"currency":"EUR"}}],"pickup":"2026-05-06T07:08:09Z","sizes":[1,2],"source":12,"comment":"c"}`
		orders = "{profile: server, wsdl: wsdl/orders.wsdl, port: Orders%s, path: /orders%s, operation: %s, params: %s%s}"
	)
	for _, version := range []string{"11", "12"} {
		t.Run("order in "+version, func(t *testing.T) {
			t.Parallel()
			step := fmt.Sprintf(orders, version, version, "PlaceOrder", "{order: "+sent+"}", "")
			got := callSOAP(t, soapProject(t, address), step, "{order: '${steps.call.output.order}', total: '${steps.call.output.total}'}")
			sameJSON(t, "an order", got, `{"order":`+back+`,"total":{"_":0.1,"currency":"EUR"}}`)
		})
		t.Run("one way in "+version, func(t *testing.T) {
			t.Parallel()
			step := fmt.Sprintf(orders, version, version, "Notify", "{text: x}", "")
			sameJSON(t, "a message without an answer", callSOAP(t, soapProject(t, address), step, "'${steps.call.status}'"), `202`)
		})
	}
	t.Run("undeclared prefix", func(t *testing.T) {
		t.Parallel()
		step := fmt.Sprintf(orders, "11", "11", "PlaceOrder", "{order: "+strings.Replace(sent, "comment: c", "comment: undeclared", 1)+"}", "")
		got := runSOAPJob(t, soapProject(t, address), "  - soap: "+strings.ReplaceAll(step, "\n", "\n      ")+"\n")
		if want := `the prefix "xsi" of xsi:type is not declared`; !strings.Contains(got, want) {
			t.Errorf("got %s\nwant … %s", got, want)
		}
	})
	t.Run("fault with status 200", func(t *testing.T) {
		t.Parallel()
		step := fmt.Sprintf(orders, "11", "11", "CancelOrder", "{number: 404}", ", expect_fault: true")
		got := callSOAP(t, soapProject(t, address), step, "{status: '${steps.call.status}', fault: '${steps.call.fault}'}")
		sameJSON(t, "a fault", got, `{"status":200,"fault":{"code":"Client","subcodes":[],"message":"there is no order 404","detail":{"OrderFault":{"code":17,"field":["number","order"]}}}}`)
	})
	t.Run("fault with a subcode", func(t *testing.T) {
		t.Parallel()
		step := fmt.Sprintf(orders, "12", "12", "CancelOrder", "{number: 404}", ", expect_fault: true")
		got := callSOAP(t, soapProject(t, address), step, "{code: '${steps.call.fault.code}', subcodes: '${steps.call.fault.subcodes}', message: '${steps.call.fault.message}'}")
		sameJSON(t, "a fault", got, `{"code":"Sender","subcodes":["NoOrder"],"message":"there is no order 404"}`)
	})
}

// TestSOAPSecurityOfNode holds that a server which checks UsernameTokens lets those in who know the password.
func TestSOAPSecurityOfNode(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "node")
	for _, profile := range []string{"text", "digest"} {
		step := "{profile: " + profile + ", wsdl: wsdl/orders.wsdl, port: Orders11, path: /secure, operation: ListCategories, params: {root: {name: a}}}"
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			got := callSOAP(t, soapProject(t, address), step, "'${steps.call.output.name}'", secretVariable+"PASSWORD=sesame")
			sameJSON(t, "an answer", got, `["a"]`)
		})
		t.Run(profile+", wrong", func(t *testing.T) {
			t.Parallel()
			got := runSOAPJob(t, soapProject(t, address), "  - soap: "+step+"\n", secretVariable+"PASSWORD=open")
			if !strings.Contains(got, "Invalid username or password") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestSOAPOfGSOAP holds that gSOAP, which parses strictly, takes what is sent, and that its references and MIME parts are understood.
func TestSOAPOfGSOAP(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "gsoap")
	const depot = "{profile: server, wsdl: wsdl/depot.wsdl, path: /depot, operation: %s, params: %s%s}"
	for _, test := range []struct{ name, params, more, want string }{
		{"pack", "{boxes: [{label: a, weight: 1}, {label: b, weight: 9007199254740993, inner: {label: c, weight: 0}}]}", "",
			`{"boxes":[{"label":"a","weight":1},{"label":"b","weight":9007199254740993,"inner":{"label":"c","weight":0}}],"heaviest":{"label":"b","weight":9007199254740993,"inner":{"label":"c","weight":0}}}`},
		{"pack", "{boxes: []}", "", `{"boxes":[]}`},
		{"weigh", "{box: {label: a, weight: 1, inner: {label: b, weight: 2}}}", "", `{"total":3}`},
		{"store", "{name: abc.txt, file: {_: YWJj}}", ", mtom: true", `{"size":3,"file":{"_":"YmNk"}}`},
		{"store", "{name: abc.txt, file: {_: {file: wsdl/money.xsd}}}", ", mtom: true", ""},
	} {
		t.Run(test.name+" "+test.params, func(t *testing.T) {
			t.Parallel()
			got := callSOAP(t, soapProject(t, address), fmt.Sprintf(depot, test.name, test.params, test.more), "'${steps.call.output}'")
			if test.want != "" {
				sameJSON(t, test.name, got, test.want)
			} else if size := got.(map[string]any)["size"]; size != json.Number(fmt.Sprint(len(readText(t, "testdata/soap/wsdl/money.xsd")))) {
				t.Errorf("the server got %v bytes of the file", size)
			}
		})
	}
}

// TestSOAPOfLite holds that answers of SOAP::Lite, for which there is no WSDL, can be read: values that name their type, others that
// are referred to.
func TestSOAPOfLite(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "perl")
	const stock = `{profile: server, path: /, version: "1.1", action: "http://example.com/stock#%s", namespaces: {s: http://example.com/stock}, body: %s%s}`
	call := func(name, body, more, output string) any {
		t.Helper()
		return callSOAP(t, soapProject(t, address), fmt.Sprintf(stock, name, body, more), output)
	}
	for _, test := range []struct{ name, body, want string }{
		{"article", "{s:article: {no: 7}}", `{"name":"screw","price":"0.1","no":"7","left":"12","tags":["steel","small"]}`},
		{"twins", "{s:twins: {}}", `[{"label":"one","weight":"5"},{"label":"one","weight":"5"}]`},
	} {
		got, _ := call(test.name, test.body, "", "'${steps.call.output}'").(map[string]any)
		for _, value := range got { // under a name that SOAP::Lite makes up
			sameJSON(t, test.name, value, test.want)
		}
		if len(got) != 1 {
			t.Errorf("%s gives %v", test.name, got)
		}
	}
	fault := call("refuse", "{s:refuse: {text: no <}}", ", expect_fault: true", "'${steps.call.fault}'")
	sameJSON(t, "a fault", fault, `{"code":"Client","subcodes":["Stock"],"message":"no <","detail":{"reason":{"code":"7"}}}`)
}

// TestSOAPLikeZeep holds that zeep, which others wrote, gets the same values from the same call.
func TestSOAPLikeZeep(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "php")
	for _, test := range []struct{ name, operation, header, params string }{
		{"person", "PlaceOrder", "SessionHeader", `{"order":{"version":"2","channel":"web","customer":{"_type":"{http://example.com/parties}Person","id":"7","firstName":"Ann","born":"1990-01-02"},
			"line":[{"gift":true,"no":1,"article":"007","price":{"_":0.1,"currency":"EUR"}}],"pickup":"2026-05-06T07:08:09","sizes":[1,2],"source":"phone","weight":1.5,"serial":9007199254740993,"comment":"c"}}`},
		{"company", "PlaceOrder", "SessionHeader", `{"order":{"customer":{"_type":"{http://example.com/parties}Company","id":"8","address":{"zip":"1234","city":"Graz"},"legalName":"A & B","employees":4294967295,"listed":false},
			"line":[],"delivery":{"zip":"12345","city":"Wien"},"weight":-1e300,"comment":null}}`},
		{"recursion", "ListCategories", "", `{"root":{"name":"a","category":[{"name":"b","category":[{"name":"ü€😀"}]},{"name":" d "}]}}`},
	} {
		for _, version := range []string{"11", "12"} {
			t.Run(test.name+" "+version, func(t *testing.T) {
				t.Parallel()
				dir, path := soapProject(t, address), "/orders"+version
				headers, zeeps := "{}", "{}"
				if test.header != "" {
					headers, zeeps = "{"+test.header+": {sessionId: a}}", `{"{http://example.com/orders}`+test.header+`":{"sessionId":"a"}}`
				}
				step := "{profile: server, wsdl: wsdl/orders.wsdl, port: Orders" + version + ", path: " + path + ", operation: " + test.operation +
					", headers: " + headers + ", params: " + strings.ReplaceAll(test.params, "\n\t\t\t", " ") + "}"
				got := withoutNulls(callSOAP(t, dir, step, "'${steps.call.output}'"))
				zeep := callZeep(t, `{"headers":`+zeeps+`,"params":`+test.params+"}", nil, "testdata/soap/wsdl/orders.wsdl", "Orders"+version, address+path, test.operation)
				if want := withoutNulls(zeep); !reflect.DeepEqual(got, want) {
					t.Errorf("got  %v\nzeep %v", got, want)
				}
			})
		}
	}
}

// callZeep makes a call with zeep, and gives what its client.py prints.
func callZeep(t *testing.T, input string, environ []string, args ...string) any {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", append([]string{"testdata/soap/zeep/client.py"}, args...)...)
	cmd.Env = append(append(os.Environ(), "NO_PROXY=*", "no_proxy=*"), environ...) // it would ask a proxy for loopback too
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("zeep: %v\n%s", err, stderr.String())
	}
	return fromJSON(t, string(out))
}

// TestSandboxLikeZeep holds that zeep can do with the sandbox's WSDL what we can, and gets the same values.
func TestSandboxLikeZeep(t *testing.T) {
	t.Parallel()
	soapFolder(t)
	u := newUser(t, sandbox.Options{})
	u.copyExample("wsdl/incident.wsdl")
	const params = `{"active":true,"priority":1,"__order_by":"number","__limit":20}`
	u.write("job.yaml", "version: 1\nsteps: [{id: call, soap: {profile: servicenow_soap, wsdl: wsdl/incident.wsdl, path: \"/incident.do?SOAP\", operation: getRecords, params: "+params+"}}]\n"+
		"output: ${steps.call.output.getRecordsResult}\n")
	got := withoutNulls(fromJSON(t, u.must(exitOK, "run", "job").stdout))
	signIn := "ZEEP_SIGN_IN=" + sandbox.DefaultUser + ":" + u.server.sandbox.Secrets()["SANDBOX_PASSWORD"]
	want := withoutNulls(callZeep(t, `{"params":`+params+"}", []string{signIn}, filepath.Join(u.dir, "wsdl", "incident.wsdl"), "ServiceNowSoap", u.server.URL+"/incident.do?SOAP", "getRecords"))
	if list, isList := want.([]any); !isList || len(list) != 20 || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nzeep %v", got, want)
	}
}

// withoutNulls leaves out what is null or empty text, which is all None to zeep as what is absent is, and has numbers as they compare.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		maps.DeleteFunc(value, func(_ string, member any) bool { return member == nil || member == "" })
		for key, member := range value {
			value[key] = withoutNulls(member)
		}
	case []any:
		for i, item := range value {
			value[i] = withoutNulls(item)
		}
	case json.Number:
		if number, ok := new(big.Rat).SetString(value.String()); ok {
			return number.RatString()
		}
	}
	return value
}
