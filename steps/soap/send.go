package soap

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/values"
	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/wsse"
	"snrun/steps/xml"
)

// call is one run of a step.
type call struct {
	in        steps.Input
	env       *steps.Env
	wsdls     *library
	target    *target // nil without a WSDL
	version   string
	security  *wsse.Security // nil where the profile asks for none
	messageID string         // of WS-Addressing, "" without
	room      *xml.Room      // for the trees of its messages
}

// run makes the call: nothing is sent before the whole message is known to be right.
func (c *call) run(ctx context.Context) (steps.Output, error) {
	if err := c.prepare(ctx); err != nil {
		return steps.Output{}, err
	}
	c.room = c.wsdls.room()
	defer c.wsdls.giveBack(c.room)
	request, err := c.request()
	if err != nil {
		return steps.Output{}, err
	}
	c.room.Reset() // the message is text by now
	var out steps.Output
	err = exchange.Send(ctx, exchange.Call{In: c.in, Env: c.env, Manner: manner()}, request, func(ctx context.Context, t *exchange.Trip) error {
		a := &answer{Answer: &exchange.Answer{Trip: t}, call: c}
		var err error
		out, err = a.read(ctx)
		return err
	})
	return out, err
}

// prepare loads the WSDL, finds the operation in it, and opens the profile's WS-Security.
func (c *call) prepare(ctx context.Context) error {
	c.version = c.in.Text("version")
	if c.in.Has("wsdl") {
		defs, err := c.definitions(ctx)
		if err != nil {
			return err
		}
		found, problem := choose(defs, c.in)
		if problem != nil {
			return mistakes(*problem)
		}
		c.target, c.version = found, found.port.Version
	}
	if c.version == "" {
		c.version = "1.1"
	}
	if !secured(c.in) {
		return nil
	}
	var err error
	if c.security, err = wsse.Open(c.in.Object("ws_security"), c.env.Dir); err != nil {
		return err
	}
	return nil
}

// mistakes is the error of an input that cannot be sent, with all that is wrong in it.
func mistakes(problems ...steps.Problem) error {
	return &steps.Error{Kind: steps.BadInput, Message: "the message cannot be written", Problems: problems, NoEffect: true}
}

// request writes the message and what HTTP says of it (SOAP 1.1 section 6, SOAP 1.2 part 2 section 7).
func (c *call) request() (*exchange.Request, error) {
	in, problems := c.addressed()
	if len(problems) > 0 {
		return nil, mistakes(problems...)
	}
	request, err := exchange.NewRequest("POST", in)
	if err != nil {
		return nil, err
	}
	if c.security != nil {
		if p := straySecurity(c.in, request.URL); p != nil {
			return nil, mistakes(*p)
		}
	}
	m, problems := c.write(request)
	if len(problems) > 0 {
		return nil, mistakes(problems...)
	}
	record := m.envelope
	if c.security != nil {
		if m.envelope, err = c.security.Secure(m.envelope, time.Now()); err != nil {
			return nil, err
		}
		record = wsse.Hidden(m.envelope)
	}
	if err := c.encode(request, m, record); err != nil {
		return nil, err
	}
	if err := request.SetHeaders(c.in, "http_headers"); err != nil {
		return nil, err
	}
	if own, there := request.Header["Soapaction"]; there { // the step's, as net/http spells it: there must not be two
		delete(request.Header, "Soapaction")
		request.Header["SOAPAction"] = own
	}
	return request, nil
}

// addressed gives the input with the address as `url` or `path`. A WSDL's own address serves where the step names none; with a
// profile only one of its origins, since nowhere else it would sign in.
func (c *call) addressed() (steps.Input, []steps.Problem) {
	in := steps.Input{"base_url": c.in["base_url"], "profile": c.in["profile"]}
	switch {
	case c.in.Has("path"):
		in["path"] = c.in["path"]
	case c.in.Has("endpoint"):
		in["url"] = c.in["endpoint"]
	case c.in.Has("url"):
		in["url"] = c.in["url"]
	case c.target == nil:
		return nil, []steps.Problem{{Path: "", Message: "lacks the address to send to", Hint: "write endpoint: https://…, or path: below the profile's base URL"}}
	default:
		in["url"] = c.target.port.Address
		if p := strayAddress(c.in, c.target.port.Address); p != nil {
			return nil, []steps.Problem{*p}
		}
	}
	return in, nil
}

// strayAddress says what is wrong with the address in a WSDL. Many name a machine that only its authors know.
func strayAddress(in steps.Input, address string) *steps.Problem {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return &steps.Problem{Path: "wsdl", Message: fmt.Sprintf("the WSDL gives the port the address %q, which is none", address), Hint: "write endpoint: https://…, or path: below the profile's base URL"}
	}
	if _, isText := in["base_url"].(string); !isText || signsInNowhere(in) || atProfile(in, u) {
		return nil
	}
	return &steps.Problem{Path: "wsdl", Message: fmt.Sprintf("the WSDL's address %s is not at the profile's base URL, so the profile would not sign in there", shown(address)),
		Hint: fmt.Sprintf("write path: %s to use the base URL, or endpoint: with the address that is meant", u.RequestURI())}
}

// signsInNowhere says that it makes no difference where the request goes: the step leaves the sign-in off, or its profile has none.
func signsInNowhere(in steps.Input) bool {
	return in.Text("auth") == "none" || in["signs_in"] == false && !in.Has("ws_security")
}

// atProfile says whether an address is at one of the profile's origins.
func atProfile(in steps.Input, u *url.URL) bool {
	return slices.ContainsFunc(append([]any{in["base_url"]}, in.List("origins")...), func(text any) bool {
		origin, err := url.Parse(exchange.AsText(text))
		return text != nil && err == nil && exchange.SameOrigin(origin, u)
	})
}

// write writes the envelope with its headers, but without security.
func (c *call) write(r *exchange.Request) (*message, []steps.Problem) {
	blocks := c.addressing(r)
	if c.target != nil {
		return c.typed(blocks)
	}
	if c.in.Has("envelope") {
		data, problems := fillEnvelope(c.in, c.env.Dir)
		if len(problems) == 0 {
			problems = c.checkEnvelope(data)
		}
		return &message{envelope: data}, problems
	}
	data, problems := plainEnvelope(c.in, c.version, blocks)
	return &message{envelope: data}, problems
}

// checkEnvelope reads an envelope that a person wrote, and learns the version of SOAP from it.
func (c *call) checkEnvelope(data []byte) []steps.Problem {
	root, err := xml.Parse(data, xml.ReadOptions{})
	if err != nil {
		return []steps.Problem{{Path: "envelope", Message: "is not XML: " + err.Error()}}
	}
	opened, err := openEnvelope(root)
	if err != nil {
		return []steps.Problem{{Path: "envelope", Message: "is not SOAP: " + err.Error()}}
	}
	if c.in.Has("version") && c.version != opened.version {
		return []steps.Problem{{Path: "version", Message: fmt.Sprintf("is %s, and the envelope is one of SOAP %s", c.version, opened.version), Hint: "leave version out: the envelope says which one"}}
	}
	c.version = opened.version
	return nil
}

// addressing gives the headers of WS-Addressing where they are wanted.
func (c *call) addressing(r *exchange.Request) []*xml.Element {
	wanted, said := c.in["addressing"].(bool)
	if c.in.Has("envelope") {
		return nil // it has its own, if any
	}
	if !said {
		wanted = c.target != nil && c.target.op.Addressing == wsdl.RequiredAddressing
	}
	if !wanted {
		return nil
	}
	to := *r.URL
	to.RawQuery = r.Query.String()
	action := c.action()
	if c.target != nil && !c.in.Has("action") {
		action = c.target.op.Input.Action // what the WSDL gives for this comes before its soapAction
	}
	var blocks []*xml.Element
	blocks, c.messageID = addressing(action, to.String(), c.in.Text("idempotency_key"))
	return blocks
}

// action is the SOAP action, without the quotes that HTTP wants around it: some write them themselves.
func (c *call) action() string {
	action := c.in.Text("action")
	if c.target != nil && !c.in.Has("action") {
		action = c.target.op.Action
	}
	if len(action) > 1 && action[0] == '"' && action[len(action)-1] == '"' {
		return action[1 : len(action)-1]
	}
	return action
}

// typed writes the message of the WSDL's operation.
func (c *call) typed(blocks []*xml.Element) (*message, []steps.Problem) {
	m := &message{}
	writing := &values.Writing{Prefixes: prefixesOf(c.in), Dir: c.env.Dir, Room: c.room}
	if c.mtom() {
		m.attached = &attachments{}
		writing.Binary = m.attached.binary
	}
	body, headers, problems := c.target.compose(c.in, writing)
	if len(problems) > 0 {
		return nil, problems
	}
	data, err := xml.Write(envelopeOf(c.version, append(headers, blocks...), body), xml.WriteOptions{Namespaces: c.in.Pairs("namespaces")})
	if err != nil {
		return nil, []steps.Problem{{Path: "params", Message: err.Error()}}
	}
	m.envelope = data
	return m, nil
}

// prefixesOf gives the namespaces of a step's prefixes.
func prefixesOf(in steps.Input) map[string]string {
	out := map[string]string{}
	for _, e := range in.Pairs("namespaces") {
		out[e.Key] = exchange.AsText(e.Value)
	}
	return out
}

func (c *call) mtom() bool {
	if wanted, said := c.in["mtom"].(bool); said {
		return wanted
	}
	return c.target.op.Input.MTOM
}

func envelopeOf(version string, headers, body []*xml.Element) *xml.Element {
	element := func(local string, children []*xml.Element) *xml.Element {
		return &xml.Element{Name: xml.Name{Space: spaceOf(version), Local: local}, Prefix: "soapenv", Children: children}
	}
	var parts []*xml.Element
	if len(headers) > 0 {
		parts = append(parts, element("Header", headers))
	}
	return element("Envelope", append(parts, element("Body", body)))
}

// encode gives the request its body and the headers that belong to it. Record is what history may see of the envelope.
func (c *call) encode(r *exchange.Request, m *message, record []byte) error {
	media, other, action := "text/xml", "application/soap+xml", c.action()
	if wrong := checkAction(action); len(wrong) > 0 {
		return mistakes(wrong...)
	}
	if c.version == "1.2" {
		media, other = other, media
	} else {
		r.Header["SOAPAction"] = []string{`"` + action + `"`} // quoted, also when empty: the header must be there
		action = ""
	}
	r.Header.Set("Accept", media+", multipart/related, "+other+";q=0.5")
	if m.attached != nil {
		body, contentType, err := m.attached.write(m.envelope, media, action)
		if err != nil {
			return err
		}
		r.Body = exchange.InMemory(contentType, body)
		r.Body.Record = record
		return nil
	}
	contentType := media + "; charset=utf-8"
	if action != "" {
		contentType += `; action="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(action) + `"`
	}
	r.Body = exchange.InMemory(contentType, m.envelope)
	r.Body.Record = record
	return nil
}
