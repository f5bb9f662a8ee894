package steps

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want any
	}{
		"null":                        {`null`, nil},
		"white space around":          {" \t\r\n true \n", true},
		"byte order mark":             {"\uFEFF[]", []any{}},
		"an id of 19 digits":          {`9223372036854775807`, 9223372036854775807},
		"the smallest integer":        {`-9223372036854775808`, -9223372036854775808},
		"beyond 64 bits":              {`9223372036854775809`, json.Number("9223372036854775809")},
		"beyond 64 bits but exact":    {`100000000000000000000`, 1e20},
		"minus zero":                  {`-0`, 0},
		"a price":                     {`0.10`, 0.1},
		"a float of 17 digits":        {`0.30000000000000004`, 0.30000000000000004},
		"more digits than a float":    {`3.14159265358979323846`, json.Number("3.14159265358979323846")},
		"exponent":                    {`-12.5E+2`, -1250.0},
		"zeros that change nothing":   {`1.50000000000000000000000`, 1.5},
		"too large for a float":       {`1e400`, json.Number("1e400")},
		"too small for a float":       {`1e-400`, json.Number("1e-400")},
		"an endless exponent":         {`1e99999999999999999999`, json.Number("1e99999999999999999999")},
		"an endless exponent of zero": {`0e-99999999999999999999`, 0.0},
		"17 digits that are no float": {`1.0000000000000001`, json.Number("1.0000000000000001")},
		"escapes":                     {`"\"\\\/\b\f\n\r\t\u00e9\u20AC"`, "\"\\/\b\f\n\r\té€"},
		"a surrogate pair":            {`"\ud83d\ude00"`, "😀"},
		"half a surrogate pair":       {`"\ud83dx"`, "\uFFFDx"},
		"the wrong half":              {`"\ude00\ud83d"`, "\uFFFD\uFFFD"},
		"bytes that are no UTF-8":     {"\"a\xff\xc3\"", "a\uFFFD\uFFFD"},
		"UTF-8":                       {`"Grüße, 世界"`, "Grüße, 世界"},
		"the last of repeated keys":   {`{"a": 1, "b": 2, "a": 3}`, map[string]any{"a": 3, "b": 2}},
		"a key with an escape":        {`{"\u0061\n": 1}`, map[string]any{"a\n": 1}},
		"an empty key":                {`{"": {}}`, map[string]any{"": map[string]any{}}},
		"nested":                      {`[[1,[2]],{"x":[3,{"y":null}]},"z"]`, []any{[]any{1, []any{2}}, map[string]any{"x": []any{3, map[string]any{"y": nil}}}, "z"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodeJSON([]byte(test.text))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, %v, want %#v", got, err, test.want)
			}
		})
	}
}

func TestDecodeJSONRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"nothing":              {"", "line 1, column 1: there is no JSON here: the text is empty"},
		"two values":           {"{} {}", "line 1, column 4: '{' stands after the end of the JSON value"},
		"HTML":                 {"<html>", "line 1, column 1: '<' stands where a value was expected"},
		"a comma at the end":   {"[1,\n 2,\n]", "line 3, column 1: a comma stands before ']'; nothing may follow the last entry"},
		"no comma":             {`{"é": 1 "b": 2}`, `line 1, column 9: '"' stands where ',' or '}' was expected`},
		"no colon":             {`{"a" 1}`, "line 1, column 6: '1' stands where ':' was expected after the key"},
		"single quotes":        {`{'a': 1}`, `line 1, column 2: '\'' stands where a key in double quotes was expected`},
		"cut off in a list":    {`[1, 2`, "line 1, column 6: the text ends where ',' or ']' was expected"},
		"cut off in a string":  {"\n  \"abc", "line 2, column 3: the text ends inside the string that begins here"},
		"cut off in an escape": {`"\u12`, `line 1, column 2: an unknown escape; these exist: \" \\ \/ \b \f \n \r \t \uXXXX`},
		"an unknown escape":    {`"a\x"`, `line 1, column 3: an unknown escape; these exist: \" \\ \/ \b \f \n \r \t \uXXXX`},
		"a bare line feed":     {"\"a\nb\"", `line 1, column 3: a control character (U+000A) stands in a string; write it as \u000a`},
		"a zero in front":      {`{"id": -007}`, "line 1, column 8: a number starts with 0; write it without, or in quotes"},
		"no digit":             {`[1.]`, "line 1, column 4: ']' stands where a digit was expected"},
		"no exponent":          {`1e+`, "line 1, column 4: the text ends where a digit was expected"},
		"a lone minus":         {`-`, "line 1, column 2: the text ends where a digit was expected"},
		"a word of Python":     {`None`, "line 1, column 1: 'N' stands where a value was expected"},
		"half a word":          {`nul`, "line 1, column 1: 'n' stands where a value was expected; the words are true, false and null"},
		"after a mark":         {"\uFEFF]", "line 1, column 1: ']' stands where a value was expected"},
		"too deep":             {strings.Repeat("[", 10_001), "line 1, column 10001: lists and maps lie more than 10000 deep"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodeJSON([]byte(test.text))
			var mistake *JSONError
			if !errors.As(err, &mistake) || mistake.Error() != test.want || got != nil {
				t.Errorf("got %v, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestDecodeJSONOfHalfAValue(t *testing.T) {
	t.Parallel()
	whole := `{"a": [1, -2.5e3, "x\u00e9\n", {"b": [true, false, null]}], "c": "ü"}`
	for i := range len(whole) {
		if v, err := DecodeJSON([]byte(whole[:i])); err == nil {
			t.Errorf("got %v of %q, want an error", v, whole[:i])
		}
	}
}

func TestDecodeJSONKeepsNothingOfItsInput(t *testing.T) {
	t.Parallel()
	data := []byte(`{"key": ["text", 12345678901234567890]}`)
	got, err := DecodeJSON(data)
	clear(data)
	want := map[string]any{"key": []any{"text", json.Number("12345678901234567890")}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestEncodeJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.FixedZone("", 3600))
	tests := map[string]struct {
		value any
		want  string
	}{
		"sorted":          {map[string]any{"b": 1, "a": nil, "": true}, `{"":true,"a":null,"b":1}`},
		"in order":        {Pairs{{"b", 1}, {"a", Scalar{7, "007"}}}, `{"b":1,"a":7}`},
		"digits":          {[]any{json.Number("1.10"), 9223372036854775807, 1e20, 1e21, 0.1, 1e-7, -0.5}, `[1.10,9223372036854775807,100000000000000000000,1e+21,0.1,1e-07,-0.5]`},
		"not for HTML":    {"<a href=\"x\">&\u2028</a>", "\"<a href=\\\"x\\\">&\u2028</a>\""},
		"control":         {"\x00\b\t\n\r\x1f\x7f\\", `"\u0000\u0008\t\n\r\u001f` + "\x7f" + `\\"`},
		"no UTF-8":        {"a\xffb\xc3", "\"a\uFFFDb\uFFFD\""},
		"U+FFFD itself":   {"\uFFFD", "\"\uFFFD\""},
		"a time":          {at, `"2026-01-02T03:04:05.6+01:00"`},
		"a duration":      {90*time.Second + 500*time.Microsecond, `90000.5`},
		"bytes":           {[]byte("hi"), `"aGk="`},
		"empty":           {[]any{map[string]any{}, []any{}, Pairs{}}, `[{},[],{}]`},
		"other Go types":  {[]any{int64(-1), uint8(2), float32(0.5), []string{"x"}, map[string]string{"b": "", "a": ""}}, `[-1,2,0.5,["x"],{"a":"","b":""}]`},
		"a nil map":       {map[string]any(nil), `{}`},
		"a pointer":       {new(int), `0`},
		"a pointer's nil": {(*int)(nil), `null`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := EncodeJSON(test.value)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestEncodeJSONRefuses(t *testing.T) {
	t.Parallel()
	loop := []any{nil}
	loop[0] = loop
	tests := map[string]struct {
		value any
		want  string
	}{
		"NaN":          {map[string]any{"a": []any{1, map[string]any{"b": math.NaN()}}}, "cannot be written as JSON: a[1].b: NaN is no number that JSON knows"},
		"infinity":     {math.Inf(-1), "cannot be written as JSON: -Inf is no number that JSON knows"},
		"no number":    {Pairs{{"n", json.Number("0x1")}}, `cannot be written as JSON: n: "0x1" is no JSON number`},
		"empty number": {json.Number(""), `cannot be written as JSON: "" is no JSON number`},
		"a function":   {[]any{func() {}}, "cannot be written as JSON: [0]: a value that is no data (func)"},
		"a cycle":      {loop, "cannot be written as JSON: lists and maps lie more than 10000 deep"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := EncodeJSON(test.value)
			if err == nil || err.Error() != test.want || got != nil {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

// FuzzJSON holds what is decoded against encoding/json, and what is encoded against what was decoded.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.50,1e400,"x\u00e9\ud83d"],"b":{"c":null}}`, `[true,false]`, "\"\xff\"", `01`, `-`, `1E`, `"\u12`, "\uFEFF1", `{"a":1,"a":2}`,
		`123456789012345678901`, `0.1000000000000000055511151231257827`, `1e22`, ` [ ] `, `"\/"`, "\"\x01\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := DecodeJSON(data)
		decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
		decoder.UseNumber()
		var want any
		wantErr := decoder.Decode(&want)
		if wantErr == nil && decoder.More() {
			wantErr = errors.New("more")
		}
		if wantErr == nil {
			_, wantErr = decoder.Token()
			if wantErr != nil && wantErr.Error() == "EOF" {
				wantErr = nil
			}
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got error %v, want %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if !sameValue(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
		text, err := EncodeJSON(got)
		if err != nil || !json.Valid(text) {
			t.Fatalf("got %s, %v of %#v, want valid JSON", text, err, got)
		}
		if again, err := DecodeJSON(text); err != nil || !sameValue(again, want) {
			t.Fatalf("got %#v, %v of %s, want %#v", again, err, text, want)
		}
	})
}

// sameValue compares a value of ours with one that encoding/json gave with UseNumber.
func sameValue(got, want any) bool {
	switch want := want.(type) {
	case json.Number:
		return sameNumber(got, string(want))
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !sameValue(list[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok || len(m) != len(want) {
			return false
		}
		for k := range want {
			v, ok := m[k]
			if !ok || !sameValue(v, want[k]) {
				return false
			}
		}
		return true
	}
	return got == want
}

func sameNumber(got any, want string) bool {
	digits, exp := decimal([]byte(want))
	var text string
	switch got := got.(type) {
	case int:
		text = strconv.Itoa(got)
	case float64:
		text = strconv.FormatFloat(got, 'e', -1, 64)
	case json.Number:
		text = string(got)
	}
	ours, ourExp := decimal([]byte(text))
	return text != "" && bytes.Equal(ours, digits) && (exp == ourExp || len(ours) == 0)
}

// record is 1 KB, of the shape that a table API answers with.
const record = `{"sys_id":"9c573169c611228700193229fff72400","number":"INC0000001","short_description":"Can't read email",` +
	`"description":"User can't access email on mail server.\nPlease look at it soon, \"urgent\" they said.","priority":1,"impact":2,` +
	`"active":true,"made_sla":false,"opened_at":"2026-01-02 03:04:05","closed_at":null,"reassignment_count":12,"cost":104.25,` +
	`"caller":{"link":"https://example.com/api/now/table/sys_user/5137153cc611227c000bbd1bd8cd2005","value":"5137153cc611227c000bbd1bd8cd2005"},` +
	`"assignment_group":{"link":"https://example.com/api/now/table/sys_user_group/d625dccec0a8016700a222a0f7900d06","value":"d625dccec0a8016700a222a0f7900d06"},` +
	`"tags":["mail","outage","vip"],"history":[{"at":"2026-01-02 03:04:05","by":"admin","what":"opened"},{"at":"2026-01-02 03:09:15","by":"admin","what":"assigned"}],` +
	`"location":"Zürich","lat":47.376887,"lon":8.541694,"ticket":1234567890123456789,"sys_mod_count":22,"state":"2","upon_approval":"proceed","knowledge":"false"}`

func BenchmarkDecodeJSON(b *testing.B) {
	page := []byte("[" + strings.Repeat(record+",", 99) + record + "]")
	for name, data := range map[string][]byte{"record": []byte(record), "page": page} {
		b.Run(name+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := DecodeJSON(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				var v any
				if err := json.Unmarshal(data, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncodeJSON(b *testing.B) {
	v, err := DecodeJSON([]byte(record))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := EncodeJSON(v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
