package jobs

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// numberFunctions calculate.
func numberFunctions() []Function {
	return []Function{
		{Signature: "int(value: number|big|text|bool) int", Doc: "The whole number of a text or a number; what stands after the point is cut off.", Example: `int("042")`, Result: "42", call: toInt},
		{Signature: "float(value: number|big|text) number", Doc: "The number of a text, or of a number with very many digits, rounded to what 64 bits hold.", Example: `float("1.5")`, Result: "1.5", call: toFloat},
		{Signature: "abs(number: number) number", Doc: "The number without its sign.", Example: "abs(-2)", Result: "2", call: abs},
		{Signature: "ceil(number: number) number", Doc: "The next whole number upwards.", Example: "ceil(1.2)", Result: "2", call: rounded(math.Ceil)},
		{Signature: "floor(number: number) number", Doc: "The next whole number downwards.", Example: "floor(1.8)", Result: "1", call: rounded(math.Floor)},
		{Signature: "round(number: number) number", Doc: "The nearest whole number; halves away from 0.", Example: "round(1.5)", Result: "2", call: rounded(math.Round)},
		{Signature: "max(values: …number|list) number|null", Doc: "The greatest of several numbers, or of a list; null of an empty list.", Example: "max([1, 3, 2])", Result: "3",
			call: func(a []any) (any, error) { return extreme(a, func(c int) bool { return c > 0 }) }},
		{Signature: "min(values: …number|list) number|null", Doc: "The least of several numbers, or of a list; null of an empty list.", Example: "min(2, 1)", Result: "1",
			call: func(a []any) (any, error) { return extreme(a, func(c int) bool { return c < 0 }) }},
		{Signature: "mean(values: …number|list) number", Doc: "The average; 0 of an empty list.", Example: "mean([1, 2])", Result: "1.5", call: mean},
		{Signature: "median(values: …number|list) number", Doc: "The value in the middle, of two their average; 0 of an empty list.", Example: "median([1, 9, 2])", Result: "2", call: median},
	}
}

func toInt(a []any) (any, error) {
	switch v := a[0].(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case int:
		return v, nil
	case float64:
		return cut(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil || !strings.ContainsAny(string(v), ".eE") {
			return nil, &fault{text: "{1} does not fit a whole number of 64 bits", hint: "write string({1}) to keep every digit"}
		}
		return cut(f)
	}
	return wholeNumberIn(strings.TrimSpace(a[0].(string)))
}

func wholeNumberIn(text string) (any, error) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !strings.ContainsAny(text, ".eE") || strings.ContainsAny(text, "xX_") {
		return nil, &fault{text: "{1} is text that holds no whole number of 64 bits"}
	}
	return cut(f)
}

// cut gives the whole part of a number.
func cut(f float64) (any, error) {
	if !(math.Abs(f) < 1<<63) {
		return nil, &fault{text: "{1} does not fit a whole number of 64 bits"}
	}
	return int(f), nil
}

func toFloat(a []any) (any, error) {
	text := ""
	switch v := a[0].(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case json.Number:
		text = string(v)
	case string:
		text = strings.TrimSpace(v)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(text, "xXpP_") {
		return nil, &fault{text: "{1} holds no number that 64 bits can hold", hint: "a number is written like 1.5, with a point and without separators"}
	}
	return f, nil
}

func abs(a []any) (any, error) {
	if n, ok := a[0].(int); ok && n != math.MinInt {
		return max(n, -n), nil
	}
	f, _ := floatOf(a[0])
	return math.Abs(f), nil
}

// rounded keeps whole numbers as they are, and gives a whole number where 64 bits hold it.
func rounded(round func(float64) float64) func(a []any) (any, error) {
	return func(a []any) (any, error) {
		f, ok := a[0].(float64)
		if !ok {
			return a[0], nil
		}
		if whole, ok := wholeOf(round(f)); ok {
			return whole, nil
		}
		return round(f), nil
	}
}

// numbersOf gives the numbers of arguments that are numbers or lists of numbers.
func numbersOf(a []any) ([]any, error) {
	var out []any
	for _, v := range a {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, item := range list {
			if !numberType.is(typeOf(item)) {
				return nil, faultf("all must be numbers, but one is %s", Describe(item))
			}
			out = append(out, item)
		}
	}
	return out, nil
}

func extreme(a []any, better func(c int) bool) (any, error) {
	numbers, err := numbersOf(a)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	best := numbers[0]
	for _, n := range numbers[1:] {
		if c, _ := compare(n, best); better(c) {
			best = n
		}
	}
	return best, nil
}

// floatsOf gives numbers to calculate with.
func floatsOf(a []any) ([]float64, error) {
	numbers, err := numbersOf(a)
	out := make([]float64, len(numbers))
	for i, n := range numbers {
		f, ok := floatOf(n)
		if !ok {
			return nil, &fault{text: "one of the numbers has too many digits to calculate with", hint: "write map(…, float(#))"}
		}
		out[i] = f
	}
	return out, err
}

func mean(a []any) (any, error) {
	numbers, err := floatsOf(a)
	if err != nil || len(numbers) == 0 {
		return 0.0, err
	}
	sum := 0.0
	for _, n := range numbers {
		sum += n
	}
	return finite(sum / float64(len(numbers)))
}

func median(a []any) (any, error) {
	numbers, err := floatsOf(a)
	n := len(numbers)
	if err != nil || n == 0 {
		return 0.0, err
	}
	slices.Sort(numbers)
	if n%2 == 1 {
		return numbers[n/2], nil
	}
	return finite(numbers[n/2-1]/2 + numbers[n/2]/2)
}

// sum adds up the items of a list; the operator + does the work.
func sum(plus *operator) func(a ...any) (any, error) {
	return func(a ...any) (any, error) {
		var total any = 0
		for i, item := range a[0].([]any) {
			if !numberType.is(typeOf(item)) && typeOf(item) != spanType {
				return nil, faultf("sum adds numbers, but item %d is %s", i, Describe(item))
			}
			if i == 0 {
				total = item
				continue
			}
			next, err := plus.run(total, item)
			if err != nil {
				return nil, &fault{text: "the numbers cannot be added up: one has too many digits, or the sum is too big", hint: "write sum(…, float(#)) to calculate with rounded numbers"}
			}
			total = next
		}
		return total, nil
	}
}
