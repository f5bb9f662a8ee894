package xsd

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// compareValues orders two values of a built-in type. It is not ok where the type has no order, one is no value, or it depends on a
// time zone that is not given.
func compareValues(builtin, a, b string) (order int, ok bool) {
	switch {
	case builtin == "decimal" || isInteger(builtin):
		if !IsDecimal(a, true) || !IsDecimal(b, true) {
			return 0, false
		}
		return compareDecimals(a, b), true
	case builtin == "float" || builtin == "double":
		return compareFloats(builtin, a, b)
	case builtin == "duration":
		x, okX := parseDuration(a)
		y, okY := parseDuration(b)
		order, ok = compareSpans(x, y)
		return order, ok && okX && okY
	}
	layout := momentLayout(builtin)
	if layout == "" {
		return 0, false
	}
	x, okX := parseMoment(layout, a)
	y, okY := parseMoment(layout, b)
	order, ok = compareMoments(x, y)
	return order, ok && okX && okY
}

// compareDecimals orders decimal numbers exactly, however long they are.
func compareDecimals(a, b string) int {
	if len(a) <= safeDigits && len(b) <= safeDigits && IsDecimal(a, false) && IsDecimal(b, false) {
		return cmp.Compare(smallInteger(a), smallInteger(b))
	}
	x, y := parseDecimal(a), parseDecimal(b)
	if x.negative != y.negative {
		return sign(x.negative)
	}
	order := cmp.Or(cmp.Compare(len(x.whole), len(y.whole)), cmp.Compare(x.whole, y.whole), cmp.Compare(x.fraction, y.fraction))
	return order * sign(x.negative)
}

// safeDigits is how many characters an integer may have that surely fits into 64 bits.
const safeDigits = 18

func smallInteger(text string) int64 {
	var value int64
	for _, digit := range []byte(withoutSign(text)) {
		value = value*10 + int64(digit-'0')
	}
	if text[0] == '-' {
		return -value
	}
	return value
}

// decimal is a number by its digits, without zeros that say nothing.
type decimal struct {
	negative        bool
	whole, fraction string
}

func parseDecimal(text string) decimal {
	whole, fraction, _ := strings.Cut(withoutSign(text), ".")
	d := decimal{whole: strings.TrimLeft(whole, "0"), fraction: strings.TrimRight(fraction, "0")}
	d.negative = strings.HasPrefix(text, "-") && d.whole+d.fraction != ""
	return d
}

func compareFloats(builtin, a, b string) (order int, ok bool) {
	bits := 64
	if builtin == "float" {
		bits = 32
	}
	x, errX := strconv.ParseFloat(a, bits)
	y, errY := strconv.ParseFloat(b, bits)
	// A number beyond the range is infinite, as XSD has it; NaN is in no order.
	bad := func(err error, text string) bool { return err != nil && !isFloat(text) || text == "NaN" }
	return cmp.Compare(x, y), !bad(errX, a) && !bad(errY, b)
}

// valueKey gives text that is the same for all texts of one value, and different for others.
func valueKey(builtin, text string) string {
	switch {
	case builtin == "decimal" || isInteger(builtin):
		d := parseDecimal(text)
		return fmt.Sprint(d.negative, d.whole, ".", d.fraction)
	case builtin == "float" || builtin == "double":
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	case builtin == "boolean" && text == "1":
		return "true"
	case builtin == "boolean" && text == "0":
		return "false"
	case builtin == "hexBinary":
		return strings.ToUpper(text)
	case builtin == "base64Binary":
		return strings.ReplaceAll(text, " ", "")
	case builtin == "duration":
		if s, ok := parseDuration(text); ok {
			return fmt.Sprint(s)
		}
	}
	if layout := momentLayout(builtin); layout != "" {
		if m, ok := parseMoment(layout, text); ok {
			return fmt.Sprint(m.seconds(), m.fraction, m.zoned)
		}
	}
	return text
}
