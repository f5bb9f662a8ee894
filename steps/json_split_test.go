package steps

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// cut is what a Split made of a text.
type cut struct {
	items []any
	rest  string
	err   error
}

func whole(text string, s Split) cut {
	return cutBy(text, s, func(s Split) ([]byte, error) { return s.Whole([]byte(text)) })
}

// streamed cuts through a window that begins with room for so many bytes, and gets one byte at a time.
func streamed(text string, room int, s Split) cut {
	return cutBy(text, s, func(s Split) ([]byte, error) {
		return s.Stream(make([]byte, 0, room), iotest.OneByteReader(strings.NewReader(text)))
	})
}

func cutBy(text string, s Split, by func(Split) ([]byte, error)) cut {
	var c cut
	s.Item = func(start, end int64) {
		v, err := DecodeJSON([]byte(text[start:end]))
		if err != nil {
			v = err
		}
		c.items = append(c.items, v)
	}
	s.Again = func() { c.items = nil }
	rest, err := by(s)
	c.rest, c.err = string(rest), err
	return c
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		path  string
		items []any
		rest  string
	}{
		"the text itself":            {` [1, {"a": "]"}, [2, 3] ,null] `, "", []any{1, map[string]any{"a": "]"}, []any{2, 3}, nil}, `[]`},
		"an empty list":              {`{"result": [ ]}`, "result", nil, `{"result":[]}`},
		"below a key":                {`{"next": "x\"y", "result": [1, 22], "n" : {"a": [ 1 ]}}`, "result", []any{1, 22}, `{"next":"x\"y","result":[],"n":{"a": [ 1 ]}}`},
		"below two keys":             {`{"a": {"x": 1, "b": [1]}, "b": [2]}`, "a.b", []any{1}, `{"a":{"x":1,"b":[]},"b":[2]}`},
		"a key with an escape":       {`{"\u0061": [1], "a ": [2]}`, "a", []any{1}, `{"\u0061":[],"a ":[2]}`},
		"the last of repeated lists": {`{"a": [1], "a": [2, 3]}`, "a", []any{2, 3}, `{"a":[],"a":[]}`},
		"repeated, then no list":     {`{"a": [1], "a": null}`, "a", nil, `{"a":[],"a":null}`},
		"repeated above the list":    {`{"a": {"b": [1]}, "a": {"c": 2}}`, "a.b", nil, `{"a":{"b":[]},"a":{"c":2}}`},
		"missing":                    {`{"x": [1]}`, "a", nil, `{"x":[1]}`},
		"null":                       {`{"a": null}`, "a", nil, `{"a":null}`},
		"a map":                      {`{"a": {"b": [1]}}`, "a", nil, `{"a":{"b": [1]}}`},
		"no map":                     {`[1, 2]`, "a", nil, `[1, 2]`},
		"no list":                    {`"text"`, "", nil, `"text"`},
		"numbers at every end":       {`{"n": 12, "a": [10, 20]}`, "a", []any{10, 20}, `{"n":12,"a":[]}`},
		"a number and nothing else":  {`12`, "", nil, `12`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := cut{test.items, test.rest, nil}
			for _, room := range []int{-1, 0, 1, 2, 7, 1000} {
				if got := cutAt(test.text, test.path, room); !reflect.DeepEqual(got, want) {
					t.Errorf("room for %d: got %+v, want %+v", room, got, want)
				}
			}
		})
	}
}

// cutAt cuts a whole text where room is negative.
func cutAt(text, path string, room int) cut {
	var s Split
	if path != "" {
		s.Path = strings.Split(path, ".")
	}
	if room < 0 {
		return whole(text, s)
	}
	return streamed(text, room, s)
}

// TestSplitChecksAll breaks a text at each of its bytes: the errors are those of DecodeJSON, wherever the window ends.
func TestSplitChecksAll(t *testing.T) {
	t.Parallel()
	text := "{\"x\": [1, -2.5e3,\n 0, \"é\\u00e9\\n\"],\n \"a\": [{\"b\": true}, \n\"more than eight bytes\", 10, null], \"ü\": \"c\"}"
	for i := range len(text) {
		for _, put := range []string{"", "\x01", `"`, `\`, "0", "-", ",", "}", "]", "t", ".", "\xff", "\n"} {
			for _, broken := range []string{text[:i] + put, text[:i] + put + text[i+1:], text[:i] + put + text[i:]} {
				sameSplit(t, broken, "a", -1, 0, 9)
			}
		}
	}
}

// sameSplit holds a Split against DecodeJSON.
func sameSplit(t *testing.T, text, path string, rooms ...int) {
	t.Helper()
	value, err := DecodeJSON([]byte(text))
	for _, room := range rooms {
		got := cutAt(text, path, room)
		if fmt.Sprint(got.err) != fmt.Sprint(err) {
			t.Fatalf("%q, room for %d\ngot error %v\nwant      %v", text, room, got.err, err)
		}
		if err != nil {
			continue
		}
		rest, err := DecodeJSON([]byte(got.rest))
		if err != nil {
			t.Fatalf("%q: got the rest %s: %v", text, got.rest, err)
		}
		if back := putBack(rest, got.items, path); !reflect.DeepEqual(back, value) {
			t.Fatalf("%q, room for %d\ngot  %#v\nwant %#v", text, room, back, value)
		}
	}
}

// putBack puts items where an empty list stands in their place.
func putBack(rest any, items []any, path string) any {
	m, ok := rest.(map[string]any)
	inner, there := m[path].([]any)
	if ok && there && len(inner) == 0 && items != nil {
		m[path] = items
	}
	return rest
}

func TestSplitOfLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for name, test := range map[string]struct {
		text string
		want int
	}{
		"an item":                 {`{"a": [1, "` + long + `"]}`, 1},
		"an item that never ends": {`{"a": ["` + strings.Repeat(long, 20), 0},
		"the rest":                {`{"a": [1], "b": "` + long + `"}`, -1},
		"the rest in pieces":      {`{"a": [1], ` + strings.Repeat(`"b": "0123456789", `, 10) + `"c": 1}`, -1},
		"a key":                   {`{"` + long + `": 1}`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, room := range []int{0, 10, 1000} {
				got := streamed(test.text, room, Split{Path: []string{"a"}, Limit: 100})
				var tooLong *LongError
				if !errors.As(got.err, &tooLong) || tooLong.Item != test.want {
					t.Errorf("room for %d: got %v, want item %d", room, got.err, test.want)
				}
			}
		})
	}
	for _, room := range []int{0, 10, 1000} {
		if got := streamed(`{"a": ["`+long[:98]+`"]}`, room, Split{Path: []string{"a"}, Limit: 100}); got.err != nil || len(got.items) != 1 {
			t.Errorf("an item of just as many bytes as allowed: got %v", got.err)
		}
	}
}

func TestSplitOfAnInterruptedText(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken off")
	got := cutBy("", Split{}, func(s Split) ([]byte, error) {
		s.Item = func(int64, int64) {}
		return s.Stream(nil, io.MultiReader(strings.NewReader(`[1, 2`), iotest.ErrReader(broken)))
	})
	if got.err != broken {
		t.Errorf("got %v, want %v", got.err, broken)
	}
}

// room reads on, and notes how much it was asked for at most.
type room struct {
	io.Reader
	most int
}

func (r *room) Read(p []byte) (int, error) {
	r.most = max(r.most, len(p))
	return r.Reader.Read(p)
}

// TestSplitHoldsLittle cuts a text much longer than its window, which stays as large as the longest item asks for.
func TestSplitHoldsLittle(t *testing.T) {
	t.Parallel()
	text := `{"a": [0` + strings.Repeat(`, "0123456789"`, 50_000) + `, "` + strings.Repeat("x", 3000) + `"` + strings.Repeat(`, 1`, 50_000) + `]}`
	n := 0
	s := Split{Path: []string{"a"}, Item: func(int64, int64) { n++ }, Again: func() {}}
	r := &room{Reader: strings.NewReader(text)}
	if _, err := s.Stream(make([]byte, 0, 1024), r); err != nil || n != 100_002 || r.most > 4096 {
		t.Errorf("got %d items, %v, and held %d bytes", n, err, r.most)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":2}],"c":"x"}`, `{"a":[1],"a":[2]}`, `{"a":{"b":[1]}}`, `[1,2]`, "{\"\xff\":1,\"a\":[]}", `{"a":[01]}`, `{"a":[1,]}`, "{\n\"a\"\n:[\n1\n,tru]}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("\uFEFF")) {
			return
		}
		sameSplit(t, string(data), "a", -1, 0, 5)
	})
}

func BenchmarkSplit(b *testing.B) {
	page := []byte(`{"result":[` + strings.Repeat(record+",", 999) + record + `],"next":"x"}`)
	s := Split{Path: []string{"result"}, Item: func(int64, int64) {}, Again: func() {}}
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(page)))
		for b.Loop() {
			if _, err := s.Whole(page); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("streamed", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(page)))
		head := make([]byte, 0, 64<<10)
		for b.Loop() {
			if _, err := s.Stream(head, bytes.NewReader(page)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
