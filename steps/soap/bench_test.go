package soap_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// lines is how many lines an order of the benchmarks has: about 4 KB each way.
const lines = 40

// benchServer answers everything with one body.
func benchServer(b *testing.B, contentType, body string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}))
	b.Cleanup(s.Close)
	return s
}

func benchRun(b *testing.B, kind *steps.Kind, in steps.Input, dir string) {
	env := steptest.NewEnv(b)
	env.Observe = func(steps.Exchange) {}
	env.Dir = dir
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kind.Run(b.Context(), in, &env.Env); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStep is what a SOAP step costs with a schema both ways. BenchmarkRESTStep sends and gets as many bytes of JSON.
func BenchmarkStep(b *testing.B) {
	line := `<o:line><o:no>1</o:no><o:price currency="EUR">19.99</o:price></o:line>`
	s := benchServer(b, "text/xml; charset=utf-8", answering(200, `<o:PlaceOrderResponse xmlns:o="`+ordersSpace+`"><o:number>7</o:number>`+strings.Repeat(line, lines)+`</o:PlaceOrderResponse>`).Body)
	list := make([]any, lines)
	for i := range list {
		list[i] = pairs("no", i, "price", pairs("_", 19.99, "currency", "EUR"))
	}
	in := steps.Input{"profile": "p", "base_url": s.URL, "path": "/soap", "wsdl": "orders.wsdl", "operation": "PlaceOrder",
		"params": pairs("order", pairs("customer", pairs("_type", "Person", "firstName", "Ann"), "line", list))}
	benchRun(b, soap.Kind(), in, "testdata")
}

func BenchmarkRESTStep(b *testing.B) {
	list := make([]any, lines)
	for i := range list {
		list[i] = pairs("number_of_line", i, "price_of_line", pairs("amount", 19.99, "currency", "EUR", "kind", "list"))
	}
	var items []string
	for i := range lines {
		items = append(items, fmt.Sprintf(`{"number_of_line":%d,"price_of_line":{"amount":19.99,"currency":"EUR"}}`, i))
	}
	s := benchServer(b, "application/json", `{"number":7,"line":[`+strings.Join(items, ",")+`]}`)
	in := steps.Input{"profile": "p", "base_url": s.URL, "path": "/orders", "method": "POST", "json": pairs("order", pairs("line", list))}
	benchRun(b, rest.Kind(), in, "testdata")
}
