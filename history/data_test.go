package history

import (
	"database/sql"
	"encoding/json"
	"reflect"
	"testing"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       any
	}{
		{"null", `null`, nil},
		{"a whole number", `42`, 42},
		{"the least of its kind", `-9223372036854775808`, -9223372036854775808},
		{"one beyond the greatest", `9223372036854775808`, json.Number("9223372036854775808")},
		{"a number that a float holds", `0.1`, 0.1},
		{"a number that it holds no longer", `0.1000000000000000001`, json.Number("0.1000000000000000001")},
		{"a number with a zero at its end", `1.50`, 1.5},
		{"a number with an exponent", `1e+21`, 1e21},
		{"minus zero", `-0`, 0},
		{"beyond any float", `1e999`, json.Number("1e999")},
		{"within a list and a map", `[{"a":[1,1.0]}]`, []any{map[string]any{"a": []any{1, 1.0}}}},
	}
	for _, test := range tests {
		got, err := decode(sql.NullString{String: test.text, Valid: true})
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %s is %#v, %v, want %#v", test.name, test.text, got, err, test.want)
		}
	}
	if got, err := decode(sql.NullString{}); got != nil || err != nil {
		t.Errorf("NULL is %v, %v, want nil", got, err)
	}
}

// What was decoded and is stored again is the same text: a value does not change by being saved over and over.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{`null`, `[1,2.50,-0,1e5]`, `{"a":{"b":"<ü>"}}`, `"\u2028"`, `1E400`, `12345678901234567890`, `{`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := decode(sql.NullString{String: text, Valid: true})
		if err != nil {
			return
		}
		stored, err := encode(first)
		if err != nil {
			t.Fatalf("%q was decoded to %#v, which is not encoded: %v", text, first, err)
		}
		second, err := decode(sql.NullString{String: stored, Valid: true})
		if again, encodeErr := encode(second); err != nil || encodeErr != nil || again != stored {
			t.Errorf("%q is stored as %s, and once more as %s, %v, %v", text, stored, again, err, encodeErr)
		}
	})
}
