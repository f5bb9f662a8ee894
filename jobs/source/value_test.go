package source

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want any
		what string
	}{
		{"", nil, "null"}, {"null", nil, "null"}, {"~", nil, "null"}, {`""`, "", `the text ""`},
		{"true", true, "true"}, {"False", false, "False"}, {"yes", "yes", `the text "yes"`}, {`"true"`, "true", `the text "true"`},
		{"7", 7, "the number 7"}, {"007", 7, "the number 007"}, {"-0", 0, "the number -0"}, {"1_000", 1000, "the number 1_000"},
		{"0x1F", 31, "the number 0x1F"}, {"0b11", 3, "the number 0b11"}, {"0o17", 15, "the number 0o17"},
		{"9223372036854775807", 9223372036854775807, "the number 9223372036854775807"},
		{"9223372036854775808", json.Number("9223372036854775808"), "the number 9223372036854775808"},
		{"18446744073709551616", json.Number("18446744073709551616"), "the number 18446744073709551616"},
		{"-9223372036854775809", json.Number("-9223372036854775809"), "the number -9223372036854775809"},
		{"+99999999999999999999", json.Number("99999999999999999999"), "the number +99999999999999999999"},
		{"0.1", 0.1, "the number 0.1"}, {"1.50", 1.5, "the number 1.50"}, {"-.5", -0.5, "the number -.5"}, {"5.", 5.0, "the number 5."},
		{"1e3", 1e3, "the number 1e3"}, {"1.5E-3", 1.5e-3, "the number 1.5E-3"}, {"0.0", 0.0, "the number 0.0"}, {"0e99999", 0.0, "the number 0e99999"},
		{"100000000000000000000", 1e20, "the number 100000000000000000000"},
		{"0.1000000000000000055", json.Number("0.1000000000000000055"), "the number 0.1000000000000000055"},
		{"-00.12345678901234567890", json.Number("-0.12345678901234567890"), "the number -00.12345678901234567890"},
		{".12345678901234567890", json.Number("0.12345678901234567890"), "the number .12345678901234567890"},
		{"1e-999", json.Number("1e-999"), "the number 1e-999"}, {"1e999", "1e999", `the text "1e999"`},
		{".inf", ".inf", "the number .inf"}, {".nan", ".nan", "the number .nan"},
		{"2026-01-01", "2026-01-01", `the text "2026-01-01"`}, {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", `the text "2026-01-01T00:00:00Z"`},
		{"!!str 7", "7", `the text "7"`}, {"!!int \"7\"", 7, "the number 7"}, {"!!float 7", 7.0, "the number 7"},
		{"!!binary aGk=", "aGk=", `the text "aGk="`}, {"!!timestamp 2026-01-01", "2026-01-01", `the text "2026-01-01"`},
		{"|\n  7\n", "7\n", `the text "7\n"`}, {"<<", "<<", `the text "<<"`},
		{"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
			`the text "abcdefghijklmnopqrstuvwxyzabcdefghijklmn…"`},
		{"[a]", nil, "a list"}, {"{a: b}", nil, "a mapping"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			n := valueOf(t, "k: "+tt.text)
			if got := n.Value(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Value is %#v, want %#v", got, tt.want)
			}
			if got := n.What(); got != tt.what {
				t.Errorf("What is %s, want %s", got, tt.what)
			}
			if null := tt.what == "null"; n.IsNull() != null {
				t.Errorf("IsNull is %v", n.IsNull())
			}
			if number, ok := n.Value().(json.Number); ok && !json.Valid([]byte(number)) {
				t.Errorf("%s is no JSON", number)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want bool
	}{
		{"7", true}, {"", true}, {"!!str 7", true}, {"'7'", false}, {`"7"`, false}, {"|\n 7", false}, {">\n 7", false}, {"[7]", false},
	}
	for _, tt := range tests {
		if got := valueOf(t, "k: "+tt.text).Plain(); got != tt.want {
			t.Errorf("%q: Plain is %v, want %v", tt.text, got, tt.want)
		}
	}
}
