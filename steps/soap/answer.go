package soap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/values"
	"snrun/steps/soap/wsdl"
	"snrun/steps/xml"
)

// answer is what came back.
type answer struct {
	*exchange.Answer
	call     *call
	envelope *envelope // nil for an empty answer
	warnings []values.Warning
	unwarned int // warnings that are counted only
}

// read takes the answer in: the envelope is opened whatever the status is, since a fault may come with any.
func (a *answer) read(ctx context.Context) (steps.Output, error) {
	err := a.Receive(ctx)
	a.Took = a.Elapsed()
	a.More = map[string]any{"fault": nil, "soap_headers": map[string]any{}, "warnings": []any{}}
	if err == nil {
		err = a.open()
	}
	if err != nil && a.envelope != nil {
		return steps.Output{}, a.Complete(err) // what is not trusted is not believed either, whatever its status says
	}
	if err == nil && a.envelope != nil && a.envelope.fault != nil {
		return a.faulted()
	}
	if err == nil && (a.accepted() || a.Call.Expects()) {
		err = a.decode()
	}
	if err := a.Judge(a.accepted(), err); err != nil {
		return steps.Output{}, err
	}
	return a.output(), nil
}

// accepted says whether the status is that of an answer: 2xx. A redirect that is not followed is none.
func (a *answer) accepted() bool { return a.Status() >= 200 && a.Status() < 300 }

func (a *answer) output() steps.Output {
	return steps.Output{Value: a.Value, Names: a.OutputNames(), Total: -1}
}

// open finds the envelope in the body. Where a server refused with something else, the status says more than that.
func (a *answer) open() error {
	if len(bytes.TrimSpace(a.Received)) == 0 {
		return a.empty()
	}
	err := a.parse()
	if err == nil || a.envelope == nil && (!a.accepted() || a.saysNothing()) {
		return nil
	}
	return a.unreadable(err)
}

// longestSaid is how much of what is wrong with an answer is told: the answer's own words may be in it.
const longestSaid = 300

// unreadable tells why the body was not taken as a message. Where it is an envelope, the address is right, and the server's message is
// broken.
func (a *answer) unreadable(err error) error {
	var untrusted *steps.Error
	said := exchange.Clean(err.Error(), longestSaid)
	switch {
	case errors.As(err, &untrusted):
		return a.ContentError(exchange.Clean(untrusted.Message, longestSaid), untrusted.Hint)
	case exchange.IsHTML(a.Received):
		return a.ContentError("the body is an HTML page, not a SOAP message", "this looks like a page for people (sign-in, maintenance?): check the address, and the profile's sign-in")
	case bytes.Contains(a.Received, []byte("Envelope")), strings.HasPrefix(exchange.MediaType(a.Resp.Header.Get("Content-Type")), "multipart/"):
		return a.ContentError("the body is not a SOAP message that can be taken: "+said, "")
	}
	return a.ContentError("the body is not a SOAP message: "+said, "check the address: it must be that of the service, not of its WSDL")
}

// saysNothing says whether a body is no matter: that of an operation without an answer, such as "OK". A page for people is not taken
// for that, and neither is a message that is broken.
func (a *answer) saysNothing() bool {
	t := a.call.target
	return t != nil && t.op.Output == nil && !exchange.IsHTML(a.Received) && !bytes.Contains(a.Received, []byte("Envelope"))
}

// empty is right for an operation without an answer.
func (a *answer) empty() error {
	t := a.call.target
	if err := a.call.security.CheckEmpty(); err != nil && a.accepted() && (t == nil || t.op.Output != nil) {
		return a.unreadable(err)
	}
	if t != nil && t.op.Output != nil && a.Status() != 202 && a.Status() != 204 && a.accepted() {
		return a.ContentError("the body is empty, and the operation "+t.op.Name+" has an answer", "")
	}
	return nil
}

// parse takes the message out of what it came in, opens it, and asks whether it is signed as the profile wants it: there is an envelope
// also where it is not.
func (a *answer) parse() error {
	data, contentType := a.Received, a.Resp.Header.Get("Content-Type")
	var parts *multipartMessage
	if strings.HasPrefix(exchange.MediaType(contentType), "multipart/") {
		var err error
		if parts, err = openMultipart(contentType, data); err != nil {
			return err
		}
		data, contentType = parts.root, parts.contentType
		a.Tell(contentType, data)
	}
	charset := exchange.Charset(contentType)
	if a.call.security.Verifies() {
		charset = "" // what is read is what is checked
	}
	root, err := xml.Parse(data, xml.ReadOptions{Charset: charset, Limits: xml.Limits{Bytes: int(a.Call.MaxBody())}, Room: a.call.room})
	if err != nil {
		return err
	}
	if parts != nil {
		if err := parts.include(root); err != nil {
			return err
		}
	}
	if a.envelope, err = openEnvelope(root); err != nil {
		return err
	}
	return a.call.security.Check(data, time.Now())
}

// faulted makes an error of a fault, or a value where the step expects one.
func (a *answer) faulted() (steps.Output, error) {
	f := readFault(a.envelope.fault, a.envelope.version)
	value, warnings := f.value(a.call.operation(), a.call.schema())
	a.warn(warnings...)
	a.More["fault"], a.More["soap_headers"] = value, a.soapHeaders()
	a.More["warnings"] = a.listed()
	if a.call.in.Bool("expect_fault") {
		a.Value = value
		if err := a.Judge(true, nil); err != nil {
			return steps.Output{}, err
		}
		return a.output(), nil
	}
	e := a.Errorf(steps.Fault, "%s", f.text())
	e.Fields = map[string]any{"fault": value}
	if e.NoEffect = f.sendersMistake(); e.NoEffect {
		e.Hint = "the server refused the message; error.fault.detail may say what of it"
	}
	// A server that asks to come back later did not carry the call out, whatever it says in the fault.
	status := a.StatusError()
	e.RetryAfter, e.NoEffect = status.RetryAfter, e.NoEffect || status.Repeat == steps.Always
	return steps.Output{}, a.Complete(e)
}

func (c *call) operation() *wsdl.Operation {
	if c.target == nil {
		return nil
	}
	return c.target.op
}

func (c *call) schema() *values.Schema {
	if c.target == nil {
		return nil
	}
	return c.target.defs.Schema
}

// decode makes values of the envelope: what is in the body's wrapper, and the headers.
func (a *answer) decode() error {
	if a.envelope == nil {
		return nil
	}
	if err := a.understand(); err != nil {
		return err
	}
	if a.unread() {
		a.Reveal = func() {
			a.Reveal = nil
			_ = a.values() // it is told beside the error that asks for it
		}
		return nil
	}
	return a.values()
}

// unread says that nobody reads what only decoding tells: neither the job, nor a condition of the step. What is encoded (rpc/encoded) is
// decoded in any case, since it may turn out to be refused.
func (a *answer) unread() bool {
	op := a.call.operation()
	if op == nil || op.Output == nil || op.Output.Encoded || a.call.in.Bool("strict") {
		return false
	}
	for _, name := range []string{"output", "soap_headers", "warnings"} {
		if _, read := a.call.env.Reads.Of(name); read {
			return false
		}
	}
	for _, l := range a.Call.Conditions() {
		for _, name := range []string{"*", "body", "soap_headers", "warnings"} {
			if slices.Contains(l.Uses, name) {
				return false
			}
		}
	}
	return true
}

// values decodes the body and the headers.
func (a *answer) values() error {
	var err error
	if a.Value, err = a.content(); err != nil {
		return a.ContentError(exchange.Clean(err.Error(), longestSaid), "")
	}
	a.More["soap_headers"] = a.soapHeaders()
	a.More["warnings"] = a.listed()
	if len(a.warnings) > 0 && a.call.in.Bool("strict") {
		return a.ContentError(a.firstWarnings(), "leave strict out to take such an answer, with its warnings")
	}
	return nil
}

// listed gives the warnings as a job sees them.
func (a *answer) listed() []any {
	list := make([]any, 0, len(a.warnings)+1)
	for _, w := range a.warnings {
		list = append(list, map[string]any{"path": w.Path, "message": w.Message})
	}
	if a.unwarned > 0 {
		list = append(list, map[string]any{"path": "", "message": fmt.Sprintf("and %d more warnings", a.unwarned)})
	}
	return list
}

// firstWarnings tells the first few of what is not as the schema says.
func (a *answer) firstWarnings() string {
	const few = 3
	texts := []string{}
	for i, w := range a.warnings {
		if i == few {
			texts = append(texts, fmt.Sprintf("and %d more", len(a.warnings)+a.unwarned-few))
			break
		}
		texts = append(texts, strings.TrimPrefix(w.Path+": "+w.Message, ": "))
	}
	return "the answer is not as the WSDL says: " + strings.Join(texts, "; ")
}

// understand refuses an answer with a header that must be understood and is not (SOAP 1.1 section 4.2.3).
func (a *answer) understand() error {
	if id := a.call.messageID; id != "" {
		if err := answers(a.envelope.headers, id); err != nil {
			return a.ContentError(err.Error(), "")
		}
	}
	for _, h := range a.envelope.headers {
		if a.envelope.mustUnderstand(h) && !a.call.understands(h) {
			return a.ContentError(fmt.Sprintf("the header <%s>%s must be understood, and is not", h.Name.Local, inSpace(h.Name.Space)),
				"where the job knows its meaning, write understands: ["+h.Name.Local+"]")
		}
	}
	return nil
}

const securitySpace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

func (c *call) understands(h *xml.Element) bool {
	if h.Name.Space == addressingSpace || h.Name.Space == securitySpace {
		return true
	}
	for _, name := range c.in.List("understands") {
		if exchange.AsText(name) == h.Name.Local {
			return true
		}
	}
	return c.declared(h) != nil
}

// declared finds a header of the answer in the WSDL.
func (c *call) declared(h *xml.Element) *wsdl.Part {
	op := c.operation()
	if op == nil || op.Output == nil {
		return nil
	}
	i := slices.IndexFunc(op.Output.Headers, func(p *wsdl.Part) bool { return p.Element != nil && p.Element.Name == h.Name })
	if i < 0 {
		return nil
	}
	return op.Output.Headers[i]
}

// soapHeaders gives the header blocks by their local names, but for those of WS-Security.
func (a *answer) soapHeaders() map[string]any {
	out := gathering{}
	for _, h := range a.envelope.headers {
		if h.Name.Space == securitySpace {
			continue
		}
		h = withoutEnvelopeAttributes(h)
		if p := a.call.declared(h); p != nil {
			value, warnings := a.call.schema().Decode(p.Element, h, &values.Reading{})
			a.warn(warnings...)
			out.add(h.Name.Local, value)
			continue
		}
		out.add(h.Name.Local, h.Value(a.call.lists()))
	}
	return out.values()
}

// withoutEnvelopeAttributes leaves out what the envelope says of a header, which is no part of its value.
func withoutEnvelopeAttributes(h *xml.Element) *xml.Element {
	out := *h
	out.Attrs = slices.DeleteFunc(slices.Clone(h.Attrs), func(a xml.Attr) bool { return a.Name.Space == space11 || a.Name.Space == space12 })
	return &out
}

func (c *call) lists() []string {
	var names []string
	for _, name := range c.in.List("lists") {
		names = append(names, exchange.AsText(name))
	}
	return names
}
