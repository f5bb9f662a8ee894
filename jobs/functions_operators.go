package jobs

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// operator is a binary operator. It is carried out by a function of ours instead of by expr's machine: for exact numbers,
// for plain words where something does not fit, and for bounds.
type operator struct {
	symbol string
	takes  string // what it takes, for a message
	rules  []operatorRule
	call   func(o *operator, a, b any) (any, error)
}

// operatorRule says which types of operands fit together, and what they give.
type operatorRule struct{ left, right, result typeSet }

// operators gives the table of the operators.
func operators() []operator {
	ints := operatorRule{intType | bigType, intType | bigType, intType}
	floats := operatorRule{numberType, numberType, numberType}
	spans := operatorRule{spanType, spanType, spanType}
	later := []operatorRule{{timeType, spanType, timeType}, {spanType, timeType, timeType}}
	times := []operatorRule{{timeType, timeType, spanType}, {timeType, spanType, timeType}}
	scaled := []operatorRule{{spanType, intType, spanType}, {intType, spanType, spanType}}
	ordered := []operatorRule{
		{numberType, numberType, boolType}, {textType, textType, boolType},
		{timeType, timeType, boolType}, {spanType, spanType, boolType},
	}
	texts := []operatorRule{{textType | nullType, textType | nullType, boolType}}
	member := []operatorRule{{anyType, listType | nullType, boolType}, {textType | nullType, mapType, boolType}}
	anything := []operatorRule{{anyType, anyType, boolType}}
	return []operator{
		{"+", "two numbers or two texts", slices.Concat([]operatorRule{ints, floats, {textType, textType, textType}, spans}, later), add},
		{"-", "two numbers or two times", append([]operatorRule{ints, floats, spans}, times...), subtract},
		{"*", "two numbers", append([]operatorRule{ints, floats}, scaled...), multiply},
		{"/", "two numbers", []operatorRule{{numberType, numberType, floatType}}, divide},
		{"%", "two whole numbers", []operatorRule{ints}, modulo},
		{"**", "two numbers", []operatorRule{{numberType, numberType, floatType}}, power},
		{"^", "two numbers", []operatorRule{{numberType, numberType, floatType}}, power},
		{"<", "two numbers, two texts or two times", ordered, compareWith(func(c int) bool { return c < 0 })},
		{"<=", "two numbers, two texts or two times", ordered, compareWith(func(c int) bool { return c <= 0 })},
		{">", "two numbers, two texts or two times", ordered, compareWith(func(c int) bool { return c > 0 })},
		{">=", "two numbers, two texts or two times", ordered, compareWith(func(c int) bool { return c >= 0 })},
		{"==", "two values", anything, func(_ *operator, a, b any) (any, error) { return equal(a, b), nil }},
		{"!=", "two values", anything, func(_ *operator, a, b any) (any, error) { return !equal(a, b), nil }},
		{"in", "a list or a map on its right", member, within},
		{"..", "two whole numbers", []operatorRule{{intType, intType, listType}}, span},
		{"contains", "text on both sides", texts, textWith(strings.Contains)},
		{"startsWith", "text on both sides", texts, textWith(strings.HasPrefix)},
		{"endsWith", "text on both sides", texts, textWith(strings.HasSuffix)},
		{"matches", "text on both sides", texts, matches},
	}
}

// result gives the types that the operator gives for operands of these types, 0 where none fit.
func (o *operator) result(left, right typeSet) typeSet {
	var result typeSet
	for _, r := range o.rules {
		if r.left.is(left) && r.right.is(right) {
			result |= r.result
		}
	}
	return result
}

// mismatch is the fault of operands that do not fit.
func (o *operator) mismatch(left, right typeSet) *fault {
	said := "{1} is " + left.String() + " and {2} is " + right.String()
	switch {
	case left == anyType:
		said = "{2} is " + right.String()
	case right == anyType:
		said = "{1} is " + left.String()
	}
	return &fault{text: o.symbol + " takes " + o.takes + ", but " + said, hint: o.advice(left, right)}
}

// advice tells what to write where operands do not fit.
func (o *operator) advice(left, right typeSet) string {
	wantsText := strings.Contains(o.takes, "text on both")
	switch {
	case left == nullType:
		return "write ({1} ?? …) with what stands for null"
	case right == nullType:
		return "write ({2} ?? …) with what stands for null"
	case left == bigType:
		return "write float({1}) to calculate with what fits, or string({1}) to keep every digit"
	case right == bigType:
		return "write float({2}) to calculate with what fits, or string({2}) to keep every digit"
	case o.symbol == "in" && right == textType:
		return "write {2} contains {1}"
	case o.symbol == "contains" && left == listType:
		return "write {2} in {1}"
	case wantsText && left.is(numberType):
		return "write string({1})"
	case wantsText && right.is(numberType):
		return "write string({2})"
	case left == textType && numberType.is(right):
		return joinOrCount(o.symbol, "{1}", "{2}")
	case right == textType && numberType.is(left):
		return joinOrCount(o.symbol, "{2}", "{1}")
	case o.symbol == "+" && left == listType && right == listType:
		return "write concat({1}, {2})"
	case o.symbol == "+" && left == mapType && right == mapType:
		return "write merge({1}, {2})"
	}
	return ""
}

// joinOrCount advises what to do with a text and a number.
func joinOrCount(symbol, text, number string) string {
	switch symbol {
	case "+":
		return "write string(" + number + ") to join texts, or float(" + text + ") to add numbers"
	case "==", "!=":
		return "write string(" + number + "), or the number without quotes"
	}
	return "write float(" + text + ")"
}

// run calls the operator; its arguments may be anything.
func (o *operator) run(args ...any) (any, error) { return o.call(o, args[0], args[1]) }

func (o *operator) fail(a, b any) (any, error) { return nil, o.mismatch(typeOf(a), typeOf(b)) }

func add(o *operator, a, b any) (any, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			if len(x)+len(y) > maxText {
				return nil, tooBig("a text of more than 64 MB")
			}
			return x + y, nil
		}
	case time.Time:
		if y, ok := b.(time.Duration); ok {
			return x.Add(y), nil
		}
	case time.Duration:
		switch y := b.(type) {
		case time.Time:
			return y.Add(x), nil
		case time.Duration:
			return x + y, nil
		}
	}
	return arithmetic(o, a, b)
}

func subtract(o *operator, a, b any) (any, error) {
	switch x := a.(type) {
	case time.Time:
		switch y := b.(type) {
		case time.Time:
			return x.Sub(y), nil
		case time.Duration:
			return x.Add(-y), nil
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return x - y, nil
		}
	}
	return arithmetic(o, a, b)
}

func multiply(o *operator, a, b any) (any, error) {
	x, isSpan := a.(time.Duration)
	n, isInt := b.(int)
	if !isSpan {
		x, isSpan = b.(time.Duration)
		n, isInt = a.(int)
	}
	if isSpan && isInt {
		if n != 0 && x*time.Duration(n)/time.Duration(n) != x {
			return nil, &fault{text: "the duration is too long to be held"}
		}
		return x * time.Duration(n), nil
	}
	return arithmetic(o, a, b)
}

func divide(o *operator, a, b any) (any, error) {
	x, okX := floatOf(a)
	y, okY := floatOf(b)
	switch {
	case !okX || !okY:
		return o.fail(a, b)
	case y == 0:
		return nil, dividedByZero(o)
	}
	return finite(x / y)
}

func modulo(o *operator, a, b any) (any, error) {
	x, okX := intOf(a)
	y, okY := intOf(b)
	switch {
	case !okX || !okY:
		return o.fail(a, b)
	case y == 0:
		return nil, dividedByZero(o)
	case y == -1: // the only quotient that can overflow
		return 0, nil
	}
	return x % y, nil
}

func dividedByZero(o *operator) *fault {
	return &fault{text: "{2} is 0, and " + o.symbol + " cannot divide by it"}
}

func power(o *operator, a, b any) (any, error) {
	x, okX := floatOf(a)
	y, okY := floatOf(b)
	if !okX || !okY {
		return o.fail(a, b)
	}
	return finite(math.Pow(x, y))
}

func within(o *operator, a, b any) (any, error) {
	switch b := b.(type) {
	case nil:
		return false, nil
	case []any:
		return slices.ContainsFunc(b, func(item any) bool { return equal(item, a) }), nil
	case map[string]any:
		if key, ok := a.(string); ok {
			_, has := b[key]
			return has, nil
		}
		if a == nil {
			return false, nil
		}
	}
	if plain, ok := data(b).([]any); ok && typeOf(b) == otherType {
		return within(o, a, plain)
	}
	return o.fail(a, b)
}

func span(o *operator, a, b any) (any, error) {
	from, okA := intOf(a)
	to, okB := intOf(b)
	switch {
	case !okA || !okB:
		return o.fail(a, b)
	case to < from:
		return []any{}, nil
	case uint(to)-uint(from) >= maxItems:
		return nil, tooBig("a list of more than a million items")
	}
	out := make([]any, to-from+1)
	for i := range out {
		out[i] = from + i
	}
	return out, nil
}

func compareWith(want func(c int) bool) func(o *operator, a, b any) (any, error) {
	return func(o *operator, a, b any) (any, error) {
		c, ok := compare(a, b)
		if !ok {
			return o.fail(a, b)
		}
		return want(c), nil
	}
}

// textWith compares texts. Null holds and is held by nothing, as in expr.
func textWith(test func(s, part string) bool) func(o *operator, a, b any) (any, error) {
	return func(o *operator, a, b any) (any, error) {
		s, okA := a.(string)
		part, okB := b.(string)
		switch {
		case okA && okB:
			return test(s, part), nil
		case (okA || a == nil) && (okB || b == nil):
			return false, nil
		}
		return o.fail(a, b)
	}
}

// matches takes a pattern, or what the checker compiled of a constant one.
func matches(o *operator, a, b any) (any, error) {
	re, compiled := b.(*regexp.Regexp)
	if pattern, ok := b.(string); ok {
		var err error
		if re, err = regexp.Compile(pattern); err != nil {
			return nil, badPattern(err)
		}
	}
	text, isText := a.(string)
	switch {
	case re != nil && isText:
		return re.MatchString(text), nil
	case a == nil && (b == nil || re != nil) || b == nil && isText:
		return false, nil
	case compiled:
		return nil, o.mismatch(typeOf(a), textType)
	}
	return o.fail(a, b)
}

// badPattern tells what is wrong with a regular expression.
func badPattern(err error) *fault {
	text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	return &fault{text: "the regular expression is wrong: " + text, hint: "its syntax is that of RE2, as in Go"}
}
