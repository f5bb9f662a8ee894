package soap

import (
	"strings"

	"snrun/steps"
	"snrun/steps/xml"
)

// plainEnvelope writes the envelope of a step that names no WSDL: its body, and its headers, as they stand.
func plainEnvelope(in steps.Input, version string, addressing []*xml.Element) ([]byte, []steps.Problem) {
	spaces := in.Pairs("namespaces")
	prefix := freePrefix("soapenv", spaces)
	body, isMap := steps.Entries(in["body"])
	if in.Has("body") && !isMap && !unknown(in["body"]) {
		return nil, []steps.Problem{{Path: "body", Message: "must be a mapping of elements", Hint: "write body: {prefix:name: {…}}, with the prefix under namespaces"}}
	}
	headers, isMap := steps.Entries(in["headers"])
	if in.Has("headers") && !isMap && !unknown(in["headers"]) {
		return nil, []steps.Problem{{Path: "headers", Message: "must be a mapping of elements"}}
	}
	content := steps.Pairs{}
	declared := append(steps.Pairs{{Key: prefix, Value: spaceOf(version)}}, spaces...)
	if len(headers)+len(addressing) > 0 {
		blocks := make(steps.Pairs, 0, len(headers)+len(addressing))
		for _, h := range headers {
			blocks = append(blocks, steps.Pair{Key: h.Key, Value: plainHeader(h.Value, prefix, version)})
		}
		if len(addressing) > 0 {
			wsa := freePrefix("wsa", spaces)
			declared = append(declared, steps.Pair{Key: wsa, Value: addressingSpace})
			blocks = append(blocks, treesOf(addressing, wsa)...)
		}
		content = append(content, steps.Pair{Key: prefix + ":Header", Value: blocks})
	}
	content = append(content, steps.Pair{Key: prefix + ":Body", Value: known(body)})
	data, err := xml.Encode(steps.Pairs{{Key: prefix + ":Envelope", Value: content}}, xml.WriteOptions{Namespaces: declared})
	if err != nil {
		return nil, plainProblems(err, prefix)
	}
	return data, nil
}

// unknown says whether only the run knows a value.
func unknown(value any) bool {
	_, is := value.(steps.Unknown)
	return is
}

// freePrefix is a prefix like the wanted one that the step uses for nothing else.
func freePrefix(wanted string, spaces steps.Pairs) string {
	for {
		if _, taken := spaces.Get(wanted); !taken {
			return wanted
		}
		wanted += "_"
	}
}

// plainHeader has the envelope's own attributes of a header block in the envelope's namespace.
func plainHeader(value any, prefix, version string) any {
	entries, isMap := steps.Entries(value)
	if !isMap {
		return known(value)
	}
	out := make(steps.Pairs, len(entries))
	for i, e := range entries {
		out[i] = steps.Pair{Key: e.Key, Value: known(e.Value)}
		if name, text, isOwn := envelopeAttribute(e, version); isOwn {
			out[i] = steps.Pair{Key: "_" + prefix + ":" + name, Value: text}
		}
	}
	return out
}

// treesOf gives elements of one namespace as the values that xml.Encode writes.
func treesOf(elements []*xml.Element, prefix string) steps.Pairs {
	out := make(steps.Pairs, 0, len(elements))
	for _, e := range elements {
		var value any = e.Text
		if len(e.Children) > 0 {
			value = treesOf(e.Children, prefix)
		}
		out = append(out, steps.Pair{Key: prefix + ":" + e.Name.Local, Value: value})
	}
	return out
}

// known gives a value with empty texts for what only the run knows.
func known(value any) any {
	switch value := value.(type) {
	case steps.Unknown:
		return ""
	case steps.Pairs:
		out := make(steps.Pairs, len(value))
		for i, e := range value {
			out[i] = steps.Pair{Key: e.Key, Value: known(e.Value)}
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = known(item)
		}
		return out
	}
	return value
}

// plainProblems tells the mistakes in body and headers by their places in the step.
func plainProblems(err error, prefix string) []steps.Problem {
	var p []steps.Problem
	for _, wrong := range valueErrors(err) {
		path := strings.TrimPrefix(wrong.Path, prefix+":Envelope")
		switch {
		case strings.HasPrefix(path, "."+prefix+":Body"):
			path = "body" + strings.TrimPrefix(path, "."+prefix+":Body")
		case strings.HasPrefix(path, "."+prefix+":Header"):
			path = "headers" + strings.TrimPrefix(path, "."+prefix+":Header")
		default:
			path = "namespaces." + path
		}
		p = append(p, steps.Problem{Path: path, Message: wrong.Message, Key: wrong.Key})
	}
	return p
}

// valueErrors takes apart what xml.Encode says.
func valueErrors(err error) []*xml.ValueError {
	if several, joined := err.(interface{ Unwrap() []error }); joined {
		var all []*xml.ValueError
		for _, e := range several.Unwrap() {
			all = append(all, valueErrors(e)...)
		}
		return all
	}
	if wrong, ok := err.(*xml.ValueError); ok {
		return []*xml.ValueError{wrong}
	}
	return []*xml.ValueError{{Message: err.Error()}}
}
