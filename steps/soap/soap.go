// Package soap is the step kind "soap": one operation of a SOAP service, called with plain values.
//
// A call goes one way. The WSDL that a step names is loaded and compiled once (fetch.go, library.go, subscription.go), and the operation chosen in it
// (operation.go). Its message is written from the step's params (message.go, header.go); without a WSDL it is written from the step's body
// (plain.go) or from a file (template.go). Then come the headers of WS-Addressing (addressing.go), the parts of a multipart message
// (mime.go), WS-Security (security.go, package wsse) and the request itself (send.go). The answer's envelope is taken apart (envelope.go,
// multiref.go, encoded.go), its body becomes plain values (answer.go, content.go), and a fault an error (fault.go). What can be told of a step
// before a run is in check.go, and of its answer in output.go.
package soap

import (
	"context"

	"snrun/steps"
)

// Kind gives the kind "soap".
func Kind() *steps.Kind {
	wsdls := newLibrary()
	check := &checker{wsdls}
	return &steps.Kind{
		Name:    "soap",
		Summary: "Calls an operation of a SOAP service with plain values",
		Doc:     doc,
		Example: example,
		Takes:   steps.ObjectOf(fields()...),
		Gives: []steps.Result{
			{Name: "output", Type: steps.Any, Doc: "What is in the answer's wrapper, the one element of its body; null where the body is empty. With `expect_fault` the fault, where there is one."},
			{Name: "soap_headers", Type: steps.Map, Doc: "The headers of the answer's envelope, by local name."},
			{Name: "warnings", Type: steps.List, Doc: "What in the answer is not as its schema says: a list of `{path, message}`."},
			{Name: "fault", Type: steps.Any, Doc: "The fault `{code, subcodes, message, detail}` that `expect_fault` let pass, else null."},
			{Name: "status", Type: steps.Int, Doc: "The status of the answer."},
			{Name: "headers", Type: steps.Map, Doc: "The HTTP headers of the answer: names in lower case, the first value of each."},
			{Name: "url", Type: steps.Text, Doc: "The address that answered."},
			{Name: "attempts", Type: steps.Int, Doc: "How many times the request was tried."},
		},
		Run: func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
			return (&call{in: in, env: env, wsdls: wsdls}).run(ctx)
		},
		Safe:    func(in steps.Input) bool { return in.Text("idempotency_key") != "" },
		Changes: func(steps.Input) bool { return true },
		Check:   check.check,
		Output:  check.output,
	}
}

const doc = `With a ` + "`wsdl`" + ` the schema decides: ` + "`params`" + ` are the content of the operation's element, checked against the schema before
anything is sent, and the answer comes back typed. ` + "`snrun soap operations`" + ` lists what a WSDL offers, and ` + "`snrun soap example`" + ` prints a
step to start from. Without one, ` + "`body`" + ` is written as it stands, and the answer is text.

An element is a key by its local name, and so is an attribute; text beside attributes is ` + "`_`" + `. An element that may repeat is always a
list. A derived type is named by ` + "`_type`" + `.

A fault is an error of kind ` + "`fault`" + ` with ` + "`error.fault.{code, subcodes, message, detail}`" + `, whatever the HTTP status, and is not tried
again. As a POST, a call is repeated only where it surely had no effect; ` + "`retry: {unsafe: true}`" + ` or an ` + "`idempotency_key`" + ` says that
the operation bears repeating.`

const example = `id: placed
soap:
  profile: erp
  wsdl: wsdl/orders.wsdl
  operation: PlaceOrder
  params: {order: {version: "1", customer: {_type: Person, firstName: Ann}, line: [{no: 1, price: {_: 0.10, currency: EUR}}]}}`
