package soap

import (
	"strings"

	"snrun/steps"
	"snrun/steps/xml"
)

// plainEnvelope writes the envelope of a step that names no WSDL: its body, and its headers, as they stand.
func plainEnvelope(in steps.Input, version string, addressing []*xml.Element) ([]byte, []steps.Problem) {
	prefix := envelopePrefix(in.Pairs("namespaces"))
	body, isMap := steps.Entries(in["body"])
	if in.Has("body") && !isMap && !unknown(in["body"]) {
		return nil, []steps.Problem{{Path: "body", Message: "must be a mapping of elements", Hint: "write body: {prefix:name: {…}}, with the prefix under namespaces"}}
	}
	headers, isMap := steps.Entries(in["headers"])
	if in.Has("headers") && !isMap && !unknown(in["headers"]) {
		return nil, []steps.Problem{{Path: "headers", Message: "must be a mapping of elements"}}
	}
	content := steps.Pairs{}
	if len(headers)+len(addressing) > 0 {
		blocks := make(steps.Pairs, 0, len(headers)+len(addressing))
		for _, h := range headers {
			blocks = append(blocks, steps.Pair{Key: h.Key, Value: plainHeader(h.Value, prefix)})
		}
		content = append(content, steps.Pair{Key: prefix + ":Header", Value: append(blocks, treesOf(addressing)...)})
	}
	content = append(content, steps.Pair{Key: prefix + ":Body", Value: known(body)})
	spaces := append(steps.Pairs{{Key: prefix, Value: spaceOf(version)}}, in.Pairs("namespaces")...)
	if len(addressing) > 0 {
		spaces = append(spaces, steps.Pair{Key: "wsa", Value: addressingSpace})
	}
	data, err := xml.Encode(steps.Pairs{{Key: prefix + ":Envelope", Value: content}}, xml.WriteOptions{Namespaces: spaces})
	if err != nil {
		return nil, plainProblems(err, prefix)
	}
	return data, nil
}

func unknown(value any) bool {
	_, is := value.(steps.Unknown)
	return is
}

// envelopePrefix is a prefix for the envelope that the step uses for nothing else.
func envelopePrefix(spaces steps.Pairs) string {
	prefix := "soapenv"
	for {
		if _, taken := spaces.Get(prefix); !taken {
			return prefix
		}
		prefix += "_"
	}
}

// plainHeader has the envelope's own attributes of a header block in the envelope's namespace.
func plainHeader(value any, prefix string) any {
	entries, isMap := steps.Entries(value)
	if !isMap {
		return known(value)
	}
	out := make(steps.Pairs, len(entries))
	for i, e := range entries {
		out[i] = steps.Pair{Key: e.Key, Value: known(e.Value)}
		if own, isOwn := envelopeAttribute(e.Key); isOwn {
			out[i].Key = "_" + prefix + ":" + own
		}
	}
	return out
}

// envelopeAttribute says whether a key of a header block is an attribute that the envelope defines.
func envelopeAttribute(key string) (name string, is bool) {
	switch key {
	case "_mustUnderstand", "_actor", "_role", "_relay":
		return key[1:], true
	}
	return "", false
}

// treesOf gives elements as the values that xml.Encode writes.
func treesOf(elements []*xml.Element) steps.Pairs {
	out := make(steps.Pairs, 0, len(elements))
	for _, e := range elements {
		var value any = e.Text
		if len(e.Children) > 0 {
			value = treesOf(e.Children)
		}
		out = append(out, steps.Pair{Key: e.Prefix + ":" + e.Name.Local, Value: value})
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
