package source

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"snrun/steps"
)

// Value gives a scalar's value: nil, bool, int, float64, json.Number for numbers that neither holds exactly, or string.
// A date is text, and so is .inf, .nan, binary data and whatever has a tag of its own. A list or mapping gives nil.
func (n *Node) Value() any {
	if n.Form() != Scalar {
		return nil
	}
	switch n.yaml.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
	default:
		return n.Text()
	}
	var v any
	if n.yaml.Decode(&v) != nil {
		return n.Text() // Parse has reported it
	}
	switch v := v.(type) {
	case int64: // where int has 32 bits
		return json.Number(strconv.FormatInt(v, 10))
	case uint64:
		return json.Number(strconv.FormatUint(v, 10))
	case float64:
		return exact(v, n.Text())
	}
	return v
}

// exact gives f, which was read from text, or the text's own digits where f has others.
func exact(f float64, text string) any {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return text
	}
	v, err := steps.DecodeJSON([]byte(jsonNumber(text)))
	if n, whole := v.(int); err != nil || whole && float64(n) == f && int(f) == n {
		return f
	}
	return v
}

// jsonNumber writes a YAML number as JSON does: without "+", "_", leading zeros or a bare dot.
func jsonNumber(text string) string {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", "")
	text, negative := strings.CutPrefix(text, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], text[i:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	if negative {
		whole = "-" + whole
	}
	return whole + fraction + exponent
}

// IsNull says whether the node is null or empty.
func (n *Node) IsNull() bool { return n.Form() == Scalar && n.yaml.Tag == "!!null" }

// maxNamed is how many characters of a text What gives.
const maxNamed = 40

// What names the node for a person: "a list", "a mapping", "the number 7", `the text "abc"`, "true", "null".
// Long texts are cut.
func (n *Node) What() string {
	switch n.Form() {
	case List:
		return "a list"
	case Mapping:
		return "a mapping"
	}
	text := n.Text()
	if runes := []rune(text); len(runes) > maxNamed {
		text = string(runes[:maxNamed]) + "…"
	}
	switch n.yaml.Tag {
	case "!!null":
		return "null"
	case "!!bool":
		return text
	case "!!int", "!!float":
		return "the number " + text
	}
	return "the text " + strconv.Quote(text)
}
