package soap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/values"
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// checker finds mistakes in a step before a run.
type checker struct{ wsdls *library }

func (c *checker) check(in steps.Input, dir string) []steps.Problem {
	p := checkTarget(in)
	p = append(p, exchange.CheckHeaders(in, "http_headers")...)
	p = append(p, exchange.CheckRedirects(in, "write 0 to follow none")...)
	p = append(p, exchange.CheckHistory(in)...)
	p = append(p, checkSecurity(in, dir)...)
	if in.Has("wsdl") {
		return append(p, c.checkTyped(in, dir)...)
	}
	return append(p, checkPlain(in, dir)...)
}

// checkTarget checks the address, which may stand under endpoint too, and what goes into the headers of the request by itself.
func checkTarget(in steps.Input) []steps.Problem {
	p := exchange.CheckTarget(withURL(in))
	for i := range p {
		if p[i].Path == "url" && in.Has("endpoint") {
			p[i].Path = "endpoint"
		}
	}
	return slices.Concat(p, checkAction(in.Text("action")), checkPrefixes(in))
}

// checkAction refuses an action that comes in its quotes already, as it is shown in many manuals, and one that would end its header.
func checkAction(action string) []steps.Problem {
	switch {
	case strings.ContainsFunc(action, unicode.IsControl):
		return []steps.Problem{{Path: "action", Message: "has a line break or a control character in it"}}
	case strings.HasPrefix(action, `"`):
		return []steps.Problem{{Path: "action", Message: "begins with a quote", Hint: "write it without quotes: they are put around it when it is sent"}}
	}
	return nil
}

func checkPrefixes(in steps.Input) []steps.Problem {
	var p []steps.Problem
	for _, e := range in.Pairs("namespaces") {
		if problem := checkPrefix(e); problem != "" {
			p = append(p, steps.Problem{Path: "namespaces." + e.Key, Message: problem, Key: true})
		}
	}
	return p
}

// checkPrefix says what is wrong with a prefix and its namespace, "" for nothing (Namespaces in XML 1.0, section 3).
func checkPrefix(e steps.Pair) string {
	if unknown(e.Value) {
		return ""
	}
	switch space := exchange.AsText(e.Value); {
	case !xml.ValidName(e.Key):
		return "is no prefix: a prefix is a name without a colon"
	case e.Key == "xml" || e.Key == "xmlns":
		return "is a prefix of XML itself, which needs no declaration"
	case strings.TrimSpace(space) == "":
		return "stands for no namespace; an element without one is written without a prefix"
	}
	return ""
}

// withURL has the endpoint stand where the checks of addresses look for one.
func withURL(in steps.Input) steps.Input {
	if !in.Has("endpoint") {
		return in
	}
	return steps.Input{"url": in["endpoint"], "profile": in["profile"], "auth": in["auth"]}
}

// checkPlain checks a step without a WSDL.
func checkPlain(in steps.Input, dir string) []steps.Problem {
	var p []steps.Problem
	for _, key := range []string{"operation", "service", "port", "strict", "mtom"} {
		if in.Has(key) && in[key] != false {
			p = append(p, steps.Problem{Path: key, Message: "needs a WSDL", Hint: "add wsdl:, or leave it out", Key: true})
		}
	}
	switch {
	case in.Has("params") && !in.Has("envelope"):
		p = append(p, steps.Problem{Path: "params", Message: "needs a WSDL, or an envelope with placeholders", Hint: "without one the message stands under body:", Key: true})
	case !in.Has("body") && !in.Has("envelope"):
		p = append(p, steps.Problem{Path: "", Message: "lacks the message", Hint: "name a wsdl: and an operation:, or write the message under body:"})
	case in.Has("headers") && in.Has("envelope"):
		p = append(p, steps.Problem{Path: "headers", Message: "cannot stand beside an envelope that is written out", Hint: "write them into the envelope", Key: true})
	}
	switch {
	case in["addressing"] != true:
	case in.Has("envelope"):
		p = append(p, steps.Problem{Path: "addressing", Message: "cannot stand beside an envelope that is written out", Hint: "write its headers into the envelope", Key: true})
	case !in.Has("action"):
		p = append(p, steps.Problem{Path: "addressing", Message: "needs an action, which says what the message is for", Hint: "add action:"})
	}
	if !in.Has("path") && !in.Has("endpoint") && !in.Has("url") {
		p = append(p, steps.Problem{Path: "", Message: "lacks the address to send to", Hint: "write endpoint: https://…, or path: below the profile's base URL"})
	}
	if len(p) > 0 || len(checkPrefixes(in)) > 0 {
		return p
	}
	if in.Has("envelope") {
		return checkEnvelopeFile(in, dir)
	}
	if !namespacesKnown(in) {
		return nil
	}
	_, p = plainEnvelope(steps.Input{"namespaces": in["namespaces"], "body": settled(in["body"]), "headers": settled(in["headers"])}, in.Text("version"), nil)
	return p
}

// namespacesKnown says whether it is known before a run what the step's prefixes stand for; without that no name can be checked.
func namespacesKnown(in steps.Input) bool {
	return !unknown(in["namespaces"]) && !slices.ContainsFunc(in.Pairs("namespaces"), func(e steps.Pair) bool { return unknown(e.Value) })
}

// settled gives a mapping that only the run knows as an empty one.
func settled(tree any) any {
	if unknown(tree) {
		return steps.Pairs{}
	}
	return tree
}

func checkEnvelopeFile(in steps.Input, dir string) []steps.Problem {
	for _, field := range []string{"envelope", "params"} {
		if unknown(in[field]) {
			return nil
		}
	}
	data, p := fillEnvelope(steps.Input{"envelope": in["envelope"], "params": known(in["params"])}, dir)
	if len(p) > 0 {
		return p
	}
	return (&call{in: in, version: in.Text("version")}).checkEnvelope(data)
}

// checkTyped checks a step against its WSDL, where that is a file.
func (c *checker) checkTyped(in steps.Input, dir string) []steps.Problem {
	var p []steps.Problem
	for _, key := range []string{"body", "envelope", "lists"} {
		if in.Has(key) {
			p = append(p, steps.Problem{Path: key, Message: "cannot stand beside a WSDL, whose schema decides", Hint: "leave it out; the message stands under params:", Key: true})
		}
	}
	name := in.Text("wsdl")
	if !in.Has("operation") {
		p = append(p, steps.Problem{Path: "", Message: "lacks the operation of the WSDL to call", Hint: "`snrun soap operations " + name + "` lists them"})
	}
	if isRemote(name) && name[0] == '/' && !in.Has("profile") {
		p = append(p, steps.Problem{Path: "wsdl", Message: "stands below a profile's base URL, but the step names no profile", Hint: "write the name of a file in the project, or a whole address"})
	}
	if len(p) > 0 || isRemote(name) {
		return p
	}
	defs, err := c.wsdls.file(dir, name)
	if err != nil {
		return problemsOf(err)
	}
	found, problem := choose(defs, in)
	if problem != nil {
		return []steps.Problem{*problem}
	}
	if !in.Has("path") && !in.Has("endpoint") && !in.Has("url") {
		if stray := strayAddress(in, found.port.Address); stray != nil {
			p = append(p, *stray)
		}
	}
	if !namespacesKnown(in) || len(checkPrefixes(in)) > 0 {
		return p
	}
	_, _, problems := found.compose(in, &values.Writing{Prefixes: prefixesOf(in), Dir: dir, Early: true})
	return append(p, problems...)
}

// problemsOf tells what is wrong with a WSDL, each mistake by itself.
func problemsOf(err error) []steps.Problem {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var p []steps.Problem
		for _, e := range several.Unwrap() {
			p = append(p, problemsOf(e)...)
		}
		return p
	}
	var wrong *xsd.Error
	if errors.As(err, &wrong) {
		return []steps.Problem{{Path: "wsdl", Message: fmt.Sprintf("cannot be used: %v", wrong), Hint: wrong.Hint}}
	}
	return []steps.Problem{{Path: "wsdl", Message: fmt.Sprintf("cannot be used: %v", err), Hint: "it is a file, relative to the project's folder"}}
}
