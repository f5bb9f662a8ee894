package steps

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// project does by hand what DecodeReads promises.
func project(v any, r Reads) any {
	if list, ok := v.([]any); ok && r != nil && len(r) == 0 {
		return list[:0:0]
	}
	m, ok := v.(map[string]any)
	if r == nil || !ok {
		return v
	}
	out := map[string]any{}
	for name, below := range r {
		inner, there := m[name]
		if !there {
			return v
		}
		out[name] = project(inner, below)
	}
	return out
}

func TestDecodeReads(t *testing.T) {
	t.Parallel()
	a, ab := Reads{"a": nil}, Reads{"a": {"b": nil}}
	for name, test := range map[string]struct {
		text  string
		reads Reads
		want  any
	}{
		"all":                            {`{"a": 1, "b": [2]}`, nil, map[string]any{"a": 1, "b": []any{2}}},
		"a field":                        {`{"x": [1, "]}", {"a": 2}], "a": 1, "y": null}`, a, map[string]any{"a": 1}},
		"nothing of a map":               {`{"x": 1}`, Nothing(), map[string]any{}},
		"nothing of a list":              {`[1, {"x": 2}]`, Nothing(), []any{}},
		"a field of what is text":        {`"text"`, a, "text"},
		"a field of a list":              {`[{"x": 1, "a": 2}]`, a, []any{map[string]any{"x": 1, "a": 2}}},
		"below":                          {`{"a": {"x": 1, "b": "é"}, "x": {"b": 2}}`, ab, map[string]any{"a": map[string]any{"b": "é"}}},
		"missing":                        {`{"x": 1, "y": {"z": 2}}`, a, map[string]any{"x": 1, "y": map[string]any{"z": 2}}},
		"missing below":                  {`{"x": 1, "a": {"y": {"z": 2}}}`, ab, map[string]any{"a": map[string]any{"y": map[string]any{"z": 2}}}},
		"one of two missing":             {`{"x": 1, "a": {"y": 2, "b": 3}}`, Reads{"a": {"b": nil}, "c": nil}, map[string]any{"x": 1, "a": map[string]any{"y": 2, "b": 3}}},
		"the last of repeated keys":      {`{"a": 1, "a": {"b": 2, "c": 3}}`, ab, map[string]any{"a": map[string]any{"b": 2}}},
		"repeated, and another missing":  {`{"a": 1, "a": 2}`, Reads{"a": nil, "b": nil}, map[string]any{"a": 2}},
		"a key with an escape":           {`{"\u0061": 1, "b\n": 2}`, a, map[string]any{"a": 1}},
		"a key that is no UTF-8":         {"{\"\xff\": 1, \"b\": 2}", Reads{"\uFFFD": nil}, map[string]any{"\uFFFD": 1}},
		"a longer key with the same end": {`{"` + strings.Repeat("x", 64) + `a": 1, "a": 2}`, a, map[string]any{"a": 2}},
		"null where a map was expected":  {`{"a": null}`, ab, map[string]any{"a": nil}},
		"byte order mark":                {"\uFEFF {\"a\": 1}", a, map[string]any{"a": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodeReads([]byte(test.text), test.reads)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, %v, want %#v", got, err, test.want)
			}
			if whole, _ := DecodeJSON([]byte(test.text)); !reflect.DeepEqual(got, project(whole, test.reads)) {
				t.Errorf("got %#v of %#v", got, whole)
			}
		})
	}
}

// TestDecodeReadsChecksAll breaks a text at each of its bytes: what is not read is checked as what is.
func TestDecodeReadsChecksAll(t *testing.T) {
	t.Parallel()
	whole := `{"x": [1, -2.5e3, 0, "x\u00e9\n and more", {"b": [true, false, null]}], "a": {"b": 1}, "long enough": "for eight bytes at once", "c": "ü"}`
	for i := range len(whole) {
		for _, put := range []string{"", "\x01", `"`, `\`, "0", "-", ",", "}", "]", "[", "t", ".", "e", "\xff", " ", "\n"} {
			for _, text := range []string{whole[:i] + put, whole[:i] + put + whole[i+1:], whole[:i] + put + whole[i:]} {
				sameDecoded(t, text, Reads{"a": {"b": nil}})
			}
		}
	}
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001} {
		sameDecoded(t, `{"x": `+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`, "a": {"b": 1}}`, Reads{"a": {"b": nil}})
		sameDecoded(t, strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth), Reads{"a": {"a": {"b": nil}}})
	}
}

// sameDecoded holds DecodeReads against DecodeJSON.
func sameDecoded(t *testing.T, text string, r Reads) {
	t.Helper()
	want, wantErr := DecodeJSON([]byte(text))
	got, err := DecodeReads([]byte(text), r)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%.200q\ngot error %v\nwant      %v", text, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, project(want, r)) {
		t.Fatalf("%.200q\ngot  %#v\nwant %#v", text, got, project(want, r))
	}
}

func TestDecodeReadsKeepsNothingOfItsInput(t *testing.T) {
	t.Parallel()
	data := []byte(`{"key": "text", "other": 1}`)
	got, err := DecodeReads(data, Reads{"key": nil})
	clear(data)
	if want := (map[string]any{"key": "text"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func FuzzDecodeReads(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.50,1e400,"x\u00e9\ud83d"],"b":{"c":null}}`, `{"a":{"b":1,"c":2},"b":{"b":3}}`, "{\"a\":\"\xff\"}", `{"b":01}`, `{"x":"\u12`, `{"a":1,"a":2}`,
		"{\"x\":\"\x01\"}", `{"x":"a long text of more than \"sixteen\" bytes","a":0}`, `[{"a":1}]`, `{"x":tru}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range []Reads{{"a": nil}, {"a": {"b": nil}}, {"a": nil, "b": {"c": nil, "b": nil}}, {}} {
			sameDecoded(t, string(data), r)
		}
	})
}

func BenchmarkDecodeReads(b *testing.B) {
	data := []byte(record)
	for _, r := range []Reads{{}, {"number": nil}, {"sys_id": nil, "number": nil, "caller": {"value": nil}, "priority": nil}, {"missing": nil}} {
		b.Run(fmt.Sprint(len(r), r), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			decoder := NewDecoder(r)
			for b.Loop() {
				if _, err := decoder.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
