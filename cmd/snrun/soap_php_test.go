package main

import (
	"fmt"
	"strings"
	"testing"
)

// order is an order with all that orders.xsd has, and what a server gives back of it.
const (
	order = `{version: "2", channel: web, customer: {_type: Person, id: 7, address: {zip: 01234, city: Bonn}, firstName: "Ännä & Co", born: 1990-01-02},
    line: [{no: 1, article: 007, price: {_: 0.10, currency: EUR}, note: null, gift: true}, {no: 2, article: x, price: {_: 1234567890.1234, currency: CHF}}],
    delivery: {zip: 12345, city: "  ", street: null}, sizes: [1, 2, 3], source: phone, weight: 1.5, serial: 9007199254740993, scan: aGVsbG8=, comment: null}`
	orderBack = `{"version":"2","channel":"web","customer":{"_type":"Person","id":"7","address":{"zip":"01234","city":"Bonn"},"firstName":"Ännä & Co","born":"1990-01-02"},
    "line":[{"no":1,"article":"007","price":{"_":0.1,"currency":"EUR"},"note":null,"gift":true},{"no":2,"article":"x","price":{"_":1234567890.1234,"currency":"CHF"}}],
    "delivery":{"zip":"12345","city":"  "},"sizes":[1,2,3],"source":"phone","weight":1.5,"serial":9007199254740993,"scan":"aGVsbG8=","comment":null}`
	orderSeen = `{"version":"2","channel":"web","customer":{"id":"7","address":{"zip":"01234","city":"Bonn"},"firstName":"Ännä & Co","born":"1990-01-02"},
    "line":[{"no":1,"article":"007","price":{"_":"0.10","currency":"EUR"},"note":null,"gift":true},{"no":2,"article":"x","price":{"_":"1234567890.1234","currency":"CHF"}}],
    "delivery":{"zip":"12345","city":"  "},"sizes":"1 2 3","source":"phone","weight":1.5,"serial":9007199254740993,"scan":"hello","comment":null}`
)

// TestSOAPOfPHP holds that PHP's SoapServer understands what was meant, and is understood.
func TestSOAPOfPHP(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "php")
	const orders = "{profile: server, wsdl: wsdl/orders.wsdl, port: Orders%s, path: /orders%s, operation: %s, params: %s%s}"
	for _, version := range []string{"11", "12"} {
		t.Run("order in "+version, func(t *testing.T) {
			t.Parallel()
			step := fmt.Sprintf(orders, version, version, "PlaceOrder", "{order: "+order+"}", ", headers: {SessionHeader: {sessionId: S-12}}")
			got := callSOAP(t, soapProject(t, address), step,
				"{order: '${steps.call.output.order}', total: '${steps.call.output.total}', seen: '${fromJSON(steps.call.output.seen)}', headers: '${steps.call.soap_headers}', warnings: '${steps.call.warnings}'}")
			sameJSON(t, "an order", got, `{"order":`+orderBack+`,"total":{"_":1234567890.22,"currency":"EUR"},"seen":`+orderSeen+
				`,"headers":{"SessionHeader":{"sessionId":"21-S"}},"warnings":[]}`)
		})
		t.Run("fault in "+version, func(t *testing.T) {
			t.Parallel()
			step := fmt.Sprintf(orders, version, version, "CancelOrder", "{number: 404}", ", expect_fault: true")
			got := callSOAP(t, soapProject(t, address), step, "'${steps.call.fault}'")
			code := map[string]string{"11": "Client", "12": "Sender"}[version]
			sameJSON(t, "a fault", got, `{"code":"`+code+`","subcodes":[],"message":"there is no order 404","detail":{"OrderFault":{"code":17,"field":["number","order"]}}}`)
		})
		t.Run("one way in "+version, func(t *testing.T) {
			t.Parallel()
			step := fmt.Sprintf(orders, version, version, "Notify", "{text: <a & b>}", "")
			sameJSON(t, "a message without an answer", callSOAP(t, soapProject(t, address), step, "{status: '${steps.call.status}', output: '${steps.call.output}'}"), `{"status":202,"output":null}`)
		})
	}
	t.Run("recursion", func(t *testing.T) {
		t.Parallel()
		step := fmt.Sprintf(orders, "11", "11", "ListCategories", "{root: {name: a, category: [{name: b, category: {name: c}}, {name: d}]}}", "")
		got := callSOAP(t, soapProject(t, address), step, "'${steps.call.output}'")
		sameJSON(t, "categories", got, `{"name":["a","b","c","d"],"root":{"name":"a","category":[{"name":"b","category":[{"name":"c","category":[]}]},{"name":"d","category":[]}]}}`)
	})
}

// TestSOAPStyleOfPHP holds that the style rpc works both ways, encoded values that are referred to among them.
func TestSOAPStyleOfPHP(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "php")
	for _, test := range []struct{ name, service, path, params, want string }{
		{"sum", "TeamService", "/team", "{numbers: [1, 2, 39]}", `{"sum":42}`},
		{"older", "TeamService", "/team", "{years: 10, members: [{name: An, age: 1, chief: true}, {name: Bo, age: 2, chief: false, mentor: {name: Cy, age: 3, chief: true}}]}",
			`{"members":[{"name":"An","age":11,"chief":true},{"name":"Bo","age":12,"chief":false,"mentor":{"name":"Cy","age":3,"chief":true}}]}`},
		{"mentor", "TeamService", "/team", "{member: {name: Bo, age: 2, chief: false, mentor: {name: Cy, age: 3, chief: true}}}", `{"member":{"name":"Cy","age":3,"chief":true}}`},
		{"range", "RangeService", "/range", "{from: -1, count: 3}", `{"numbers":{"item":[-1,0,1]}}`},
		{"range", "RangeService", "/range", "{from: 5, count: 0}", `{"numbers":{"item":[]}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			step := "{profile: server, wsdl: wsdl/team.wsdl, service: " + test.service + ", path: " + test.path + ", operation: " + test.name + ", params: " + test.params + "}"
			sameJSON(t, test.name, callSOAP(t, soapProject(t, address), step, "'${steps.call.output}'"), test.want)
		})
	}
}

// TestSOAPFaultEndsTheRun holds that a fault is an error of its own kind that a job can look into.
func TestSOAPFaultEndsTheRun(t *testing.T) {
	t.Parallel()
	address := soapServer(t, "php")
	got := runSOAPJob(t, soapProject(t, address), `
  - id: cancelled
    try:
      - soap: {profile: server, wsdl: wsdl/orders.wsdl, port: Orders11, path: /orders11, operation: CancelOrder, params: {number: 404}}
    catch:
      - when: error.kind == "fault" && error.fault.detail.OrderFault.code == 17
        steps:
          - id: caught
            set: {status: "${error.status}", attempts: "${error.attempts}", fields: "${error.fault.detail.OrderFault.field}"}
output: ${steps.cancelled.output}
`)
	if want := `{"attempts":1,"fields":["number","order"],"status":500}`; !strings.Contains(got, want) {
		t.Errorf("got %s\nwant … %s", got, want)
	}
	got = runSOAPJob(t, soapProject(t, address), `
  - soap: {profile: server, wsdl: wsdl/orders.wsdl, port: Orders11, path: /orders11, operation: PlaceOrder, params: {order: `+order+`}}
`)
	if want := "who is it? there is no SessionHeader"; !strings.Contains(got, want) {
		t.Errorf("got %s\nwant … %s", got, want)
	}
}
