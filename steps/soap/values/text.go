package values

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// reading is a simple type made ready for turning texts into values.
type reading struct {
	simple  *xsd.Simple
	kind    textKind
	plain   bool // it has no facets of its own: what the kind says is all
	integer bounds
	item    *reading
	members []*reading
}

type textKind int

const (
	stringKind textKind = iota // stays text
	booleanKind
	integerKind
	decimalKind
	floatKind
	binaryKind
	qnameKind
	listKind
	unionKind
)

// bounds are those of a built-in type of integers, as far as an int64 holds them.
type bounds struct{ min, max int64 }

func (schema *Schema) newReading(s *xsd.Simple) *reading {
	rd := &reading{simple: s, kind: kindOf(s), plain: xsd.IsBuiltin(s.Name.Space), integer: boundsOf(s.Builtin)}
	if s.Item != nil {
		rd.item = schema.readingOf(s.Item)
	}
	for _, m := range s.Members {
		rd.members = append(rd.members, schema.readingOf(m))
	}
	return rd
}

func kindOf(s *xsd.Simple) textKind {
	switch s.Variety {
	case xsd.List:
		return listKind
	case xsd.Union:
		return unionKind
	}
	switch s.Builtin {
	case "boolean":
		return booleanKind
	case "decimal":
		return decimalKind
	case "float", "double":
		return floatKind
	case "base64Binary":
		return binaryKind
	case "QName", "NOTATION":
		return qnameKind
	}
	if boundsOf(s.Builtin) != (bounds{}) {
		return integerKind
	}
	return stringKind
}

func boundsOf(builtin string) bounds {
	switch builtin {
	case "integer", "long":
		return bounds{math.MinInt64, math.MaxInt64}
	case "int":
		return bounds{math.MinInt32, math.MaxInt32}
	case "short":
		return bounds{math.MinInt16, math.MaxInt16}
	case "byte":
		return bounds{math.MinInt8, math.MaxInt8}
	case "nonNegativeInteger", "unsignedLong":
		return bounds{0, math.MaxInt64}
	case "positiveInteger":
		return bounds{1, math.MaxInt64}
	case "nonPositiveInteger":
		return bounds{math.MinInt64, 0}
	case "negativeInteger":
		return bounds{math.MinInt64, -1}
	case "unsignedInt":
		return bounds{0, math.MaxUint32}
	case "unsignedShort":
		return bounds{0, math.MaxUint16}
	case "unsignedByte":
		return bounds{0, math.MaxUint8}
	}
	return bounds{}
}

// check says what is wrong with a text.
func (rd *reading) check(text string) *xsd.Misfit {
	if rd.plain && rd.kind == integerKind {
		if _, fits := rd.parseInt(text); fits {
			return nil
		}
	}
	return rd.simple.Check(text)
}

// parseInt gives a whole number that is within the bounds of the built-in type.
func (rd *reading) parseInt(text string) (n int64, fits bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= rd.integer.min && n <= rd.integer.max
}

// value gives what a text stands for: an int, or a json.Number beyond its range, a float64 where that has the same digits, a bool, a list
// for xs:list; else the text, with its white space as the type wants it. A text that does not fit is given as it is, with the reason.
func (rd *reading) value(text string) (any, *xsd.Misfit) {
	if rd.plain {
		if v, ok := rd.quick(text); ok {
			return v, nil
		}
	}
	if err := rd.check(text); err != nil {
		return text, err
	}
	return rd.fitting(text), nil
}

// quick gives the value of a text of a built-in type, where that can be told at once.
func (rd *reading) quick(text string) (any, bool) {
	switch rd.kind {
	case stringKind:
		switch rd.simple.Builtin {
		case "string", "anySimpleType":
			return text, true
		case "token", "normalizedString", "anyURI":
			return rd.simple.Normal(text), true
		}
	case integerKind:
		n, fits := rd.parseInt(text)
		return int(n), fits
	case decimalKind:
		if !xsd.IsDecimal(text, true) {
			return nil, false
		}
		return decimalValue(text), true
	case booleanKind:
		return text == "true" || text == "1", text == "true" || text == "false" || text == "1" || text == "0"
	}
	return nil, false
}

// fitting gives the value of a text that fits the type.
func (rd *reading) fitting(text string) any {
	switch rd.kind {
	case listKind:
		items := []any{}
		for _, item := range xsd.Fields(text) {
			items = append(items, rd.item.fitting(item))
		}
		return items
	case unionKind:
		for _, m := range rd.members {
			if m.check(text) == nil {
				return m.fitting(text)
			}
		}
		return text
	}
	text = rd.simple.Normal(text)
	switch rd.kind {
	case booleanKind:
		return text == "true" || text == "1"
	case integerKind:
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
		if xsd.IsDecimal(text, false) {
			return json.Number(canonical(text))
		}
	case decimalKind:
		return decimalValue(text)
	case floatKind:
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	case binaryKind:
		return withoutSpace(text)
	}
	return text
}

// same says whether two texts stand for the same value.
func (rd *reading) same(a, b string) bool {
	if rd.simple.Normal(a) == rd.simple.Normal(b) {
		return true
	}
	if rd.kind == listKind || rd.kind == unionKind || rd.check(a) != nil || rd.check(b) != nil {
		return false
	}
	return rd.fitting(a) == rd.fitting(b)
}

// decimalValue gives a float64 where that has the same digits, else the text.
func decimalValue(text string) any {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || len(text) > 15 && canonical(text) != canonical(strconv.FormatFloat(f, 'f', -1, 64)) {
		return text
	}
	return f
}

// canonical writes a decimal without a plus and without zeros that say nothing.
func canonical(text string) string {
	text, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "+"), ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if negative && whole != "0" {
		whole = "-" + whole
	}
	return whole
}

func withoutSpace(text string) string {
	if !strings.ContainsAny(text, " \t\r\n") {
		return text
	}
	return strings.Join(xsd.Fields(text), "")
}

// numberText writes a float64 for a type: without an exponent but for the types of floating point.
func (rd *reading) numberText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	case math.IsNaN(f):
		return "NaN"
	}
	if rd.kind == integerKind || rd.kind == decimalKind {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	text, _ := xml.Text(f)
	return text
}
