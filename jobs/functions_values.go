package jobs

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"time"
)

// arithmetic carries out + - * on numbers. Whole numbers stay whole, and a result that 64 bits cannot hold is an error.
func arithmetic(o *operator, a, b any) (any, error) {
	x, okX := a.(int)
	y, okY := b.(int)
	if okX && okY {
		return wholeArithmetic(o.symbol, x, y)
	}
	f, okF := floatOf(a)
	g, okG := floatOf(b)
	if !okF || !okG {
		return o.fail(a, b)
	}
	switch o.symbol {
	case "+":
		return finite(f + g)
	case "-":
		return finite(f - g)
	}
	return finite(f * g)
}

func wholeArithmetic(symbol string, x, y int) (any, error) {
	var z int
	var over bool
	switch symbol {
	case "+":
		z = x + y
		over = (z > x) != (y > 0) && y != 0
	case "-":
		z = x - y
		over = (z < x) != (y > 0) && y != 0
	default:
		z = x * y
		over = x != 0 && (z/x != y || x == -1 && y == math.MinInt)
	}
	if over {
		return nil, &fault{text: "{1} " + symbol + " {2} is too big for a whole number of 64 bits", hint: "write float({1}) to calculate with rounded numbers"}
	}
	return z, nil
}

// finite refuses what is no number any more: it could not be written as JSON.
func finite(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, &fault{text: "the result is too big for a number, or is none"}
	}
	return f, nil
}

// floatOf gives an int or a float64 as a float64. A big number is refused: it would lose digits silently.
func floatOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// intOf gives an int, also where it is written with a fraction of zero.
func intOf(v any) (int, bool) {
	if n, ok := v.(int); ok {
		return n, true
	}
	return wholeOf(v)
}

// equal says whether two values are the same: numbers by their value, times by their instant, lists and maps by what is
// in them. Values of different types are not equal.
func equal(a, b any) bool {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case nil:
		return b == nil
	case []any:
		return equalLists(a, b)
	case map[string]any:
		return equalMaps(a, b)
	}
	if typeOf(a) == otherType {
		plain := data(a)
		return typeOf(plain) != otherType && equal(plain, data(b))
	}
	c, ok := compare(a, b)
	return ok && c == 0
}

func equalLists(a []any, b any) bool {
	list, ok := data(b).([]any)
	if !ok || len(a) != len(list) {
		return false
	}
	for i := range a {
		if !equal(a[i], list[i]) {
			return false
		}
	}
	return true
}

func equalMaps(a map[string]any, b any) bool {
	m, ok := data(b).(map[string]any)
	if !ok || len(a) != len(m) {
		return false
	}
	for k, v := range a {
		if w, has := m[k]; !has || !equal(v, w) {
			return false
		}
	}
	return true
}

// compare orders two numbers, two texts, two times or two durations; false where they are none of these.
func compare(a, b any) (int, bool) {
	switch x := a.(type) {
	case int:
		if y, ok := b.(int); ok {
			return order(x < y, x > y), true
		}
	case string:
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	case time.Time:
		y, ok := b.(time.Time)
		return x.Compare(y), ok
	case time.Duration:
		y, ok := b.(time.Duration)
		return order(x < y, x > y), ok
	case float64:
		if y, ok := b.(float64); ok {
			return order(x < y, x > y), true
		}
	}
	return compareNumbers(a, b)
}

func order(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// compareNumbers compares numbers of different forms by their exact values.
func compareNumbers(a, b any) (int, bool) {
	if !numberType.is(typeOf(a)) || !numberType.is(typeOf(b)) {
		return 0, false
	}
	x, okX := exact(a)
	y, okY := exact(b)
	if !okX || !okY {
		return 0, false
	}
	return x.Cmp(y), true
}

// exact gives a number as the decimal it is written as: the float64 0.1 equals the big number 0.10. Numbers with an
// exponent beyond any use are refused, as their digits would fill the memory.
func exact(v any) (*big.Rat, bool) {
	text, err := TextOf(v)
	if n, ok := v.(json.Number); ok {
		text, err = string(n), nil
		if _, exp, has := strings.Cut(strings.ToLower(text), "e"); has && len(strings.TrimLeft(exp, "+-0")) > 4 {
			return nil, false
		}
	}
	if err != nil {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}
