package jobs

import (
	"encoding/json"
	"math/bits"
	"reflect"
	"strings"
	"time"
)

// typeSet is a set of the types that values in expressions have.
type typeSet uint16

// The types. A number that neither an int nor a float64 holds exactly is a big one: a json.Number.
const (
	nullType typeSet = 1 << iota
	boolType
	intType
	floatType
	bigType
	textType
	listType
	mapType
	timeType
	spanType
	otherType // no data: a function, a Go value

	numberType = intType | floatType | bigType
	timeValues = timeType | spanType | otherType // what is not plain data
	anyType    = otherType<<1 - 1
)

var typeNames = []struct {
	types typeSet
	name  string
}{
	{boolType, "true or false"}, {numberType, "a number"}, {intType | floatType, "a number"},
	{intType | bigType, "a whole number"}, {intType, "a whole number"}, {floatType, "a number"}, {bigType, "a number with very many digits"}, {textType, "text"},
	{listType, "a list"}, {mapType, "a map"}, {timeType, "a time"}, {spanType, "a duration"}, {nullType, "null"},
}

// String names the types for a person: "text", "a list or a map", "any value".
func (t typeSet) String() string {
	if bits.OnesCount16(uint16(t)) > 6 || t&otherType != 0 {
		return "any value"
	}
	var names []string
	for _, n := range typeNames {
		if t&n.types == n.types {
			names = append(names, n.name)
			t &^= n.types
		}
	}
	return strings.Join(names, " or ")
}

// is says whether a value of the types a can be of the types b.
func (t typeSet) is(b typeSet) bool { return t&b != 0 }

// typeOf gives the type of a value.
func typeOf(v any) typeSet {
	switch v.(type) {
	case nil:
		return nullType
	case string:
		return textType
	case map[string]any:
		return mapType
	case []any:
		return listType
	case int:
		return intType
	case bool:
		return boolType
	case float64:
		return floatType
	case json.Number:
		return bigType
	case time.Time:
		return timeType
	case time.Duration:
		return spanType
	}
	return otherType
}

// Describe names the type of a value for a person: "a list", "null". The value itself is not told: it may be a secret.
func Describe(v any) string {
	if t := typeOf(v); t != otherType {
		return t.String()
	}
	return "no data"
}

// data makes plain data of a value: further Go forms of lists, maps and numbers become the plain ones, a time its
// RFC 3339 text, a duration Go's text. What is plain already is not copied.
func data(v any) any {
	switch v := v.(type) {
	case nil, bool, int, float64, json.Number, string:
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case time.Duration:
		return v.String()
	case []any:
		return dataList(v)
	case map[string]any:
		return dataMap(v)
	}
	return dataOther(reflect.ValueOf(v))
}

func dataList(list []any) any {
	for i, item := range list {
		if plain := data(item); !same(plain, item) {
			out := append([]any(nil), list...)
			for ; i < len(out); i++ {
				out[i] = data(out[i])
			}
			return out
		}
	}
	return list
}

func dataMap(m map[string]any) any {
	for _, v := range m {
		if same(data(v), v) {
			continue
		}
		out := make(map[string]any, len(m))
		for k, v := range m {
			out[k] = data(v)
		}
		return out
	}
	return m
}

// same says whether data left a value as it was.
func same(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	}
	return typeOf(a) == typeOf(b)
}

// dataOther reads Go values that a step may have given by mistake or for convenience: []string, map[string]string, int64.
func dataOther(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return int(v.Int())
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = data(v.Index(i).Interface())
		}
		return out
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return nil
		}
		out := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			out[it.Key().String()] = data(it.Value().Interface())
		}
		return out
	}
	return nil
}
