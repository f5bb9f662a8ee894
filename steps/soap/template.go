package soap

import (
	stdxml "encoding/xml"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/xml"
)

// placeholder is ${name} in an envelope that is written out, or $${ for a literal ${. What it means depends on where it stands: in a
// comment nothing, in a CDATA section it is not escaped.
var placeholder = regexp.MustCompile(`(?s)<!--.*?-->|<!\[CDATA\[|\]\]>|\$\$\{|\$\{\s*[^{}]*?\s*\}`)

// fillEnvelope gives the envelope that a step writes out, in a file of the project or in place, with its placeholders replaced by
// the texts of params, escaped for XML.
func fillEnvelope(in steps.Input, dir string) ([]byte, []steps.Problem) {
	text, err := envelopeText(in.Text("envelope"), dir)
	if err != nil {
		return nil, []steps.Problem{{Path: "envelope", Message: err.Error(), Hint: "name a file relative to the project's folder"}}
	}
	entries, isMap := steps.Entries(in["params"])
	if in.Has("params") && !isMap {
		return nil, []steps.Problem{{Path: "params", Message: "must be a mapping of the envelope's placeholders to values"}}
	}
	f := filler{entries: entries, used: map[string]bool{}}
	filled := f.fill(text)
	for _, e := range entries {
		if !f.used[e.Key] {
			f.problems = append(f.problems, steps.Problem{Path: "params." + e.Key, Message: fmt.Sprintf("the envelope has no placeholder ${%s}", e.Key), Hint: steps.Hint(e.Key, f.names), Key: true})
		}
	}
	return []byte(filled), f.problems
}

// envelopeText reads the file, unless the text is an envelope itself.
func envelopeText(named, dir string) (string, error) {
	if strings.HasPrefix(strings.TrimSpace(named), "<") {
		return named, nil
	}
	data, err := os.ReadFile(exchange.InDir(named, dir))
	if err != nil {
		return "", exchange.FileError(err)
	}
	return string(data), nil
}

type filler struct {
	entries  steps.Pairs
	used     map[string]bool
	names    []string
	inCDATA  bool
	problems []steps.Problem
}

func (f *filler) fill(text string) string { return placeholder.ReplaceAllStringFunc(text, f.replace) }

func (f *filler) replace(found string) string {
	switch {
	case found == "<![CDATA[", found == "]]>":
		f.inCDATA = found != "]]>"
		return found
	case strings.HasPrefix(found, "<!--") && f.inCDATA:
		return "<!--" + f.fill(found[len("<!--"):])
	case strings.HasPrefix(found, "<!--"):
		return found
	case found == "$${":
		return "${"
	}
	return f.value(found)
}

func (f *filler) value(found string) string {
	name := strings.TrimSpace(found[2 : len(found)-1])
	if !slices.Contains(f.names, name) {
		f.names = append(f.names, name)
	}
	value, there := f.entries.Get(name)
	if !there {
		if !f.used[name] {
			f.problems = append(f.problems, steps.Problem{Path: "params", Message: fmt.Sprintf("has no value for the envelope's placeholder ${%s}", name)})
		}
		f.used[name] = true
		return ""
	}
	f.used[name] = true
	text, isText := xml.Text(value)
	if !isText {
		f.problems = append(f.problems, steps.Problem{Path: "params." + name, Message: "must be one plain value: it becomes text in the envelope"})
		return ""
	}
	if r, invalid := xml.InvalidChar(text); invalid {
		f.problems = append(f.problems, steps.Problem{Path: "params." + name, Message: fmt.Sprintf("the character %U (or a byte that is no UTF-8) cannot stand in XML", r)})
		return ""
	}
	if f.inCDATA {
		return unmarked.Replace(text)
	}
	var b strings.Builder
	_ = stdxml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// unmarked leaves a CDATA section for what cannot stand in one.
var unmarked = strings.NewReplacer("]]>", "]]]]><![CDATA[>", "\r", "]]>&#xD;<![CDATA[")
