package xml

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/steps"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	xsi := ` xmlns:xsi="` + InstanceSpace + `"`
	type object = map[string]any
	tests := map[string]struct {
		text  string
		lists []string
		want  any
	}{
		"text":                           {"<a>x</a>", nil, object{"a": "x"}},
		"nothing":                        {"<a/>", nil, object{"a": ""}},
		"blank text":                     {"<a> </a>", nil, object{"a": " "}},
		"declarations are no attributes": {`<p:a xmlns:p="u" xmlns="v">007</p:a>`, nil, object{"a": "007"}},
		"an attribute":                   {`<a id="1"/>`, nil, object{"a": object{"id": "1"}}},
		"text beside an attribute":       {`<price currency="EUR">0.10</price>`, nil, object{"price": object{"currency": "EUR", "_": "0.10"}}},
		"elements":                       {"<a>\n  <b>1</b>\n  <c/>\n</a>", nil, object{"a": object{"b": "1", "c": ""}}},
		"an element and an attribute":    {`<a b="1"><b>2</b></a>`, nil, object{"a": object{"b": "2", "_b": "1"}}},
		"attributes with one local name": {`<a xmlns:p="u" xmlns:q="v" x="1" p:x="2" q:x="3"/>`, nil, object{"a": object{"x": "1", "_x": "2", "q:x": "3"}}},
		"repeated":                       {"<a><b>1</b><c/><b>2</b><b>3</b></a>", nil, object{"a": object{"b": []any{"1", "2", "3"}, "c": ""}}},
		"a list of one":                  {"<a><b><c>1</c></b></a>", []string{"b", "c"}, object{"a": object{"b": []any{object{"c": []any{"1"}}}}}},
		"a list at the root":             {"<a/>", []string{"a"}, object{"a": []any{""}}},
		"null":                           {`<a` + xsi + `><b xsi:nil="true"/><b xsi:nil=" 1 "/><b xsi:nil="false"/></a>`, nil, object{"a": object{"b": []any{nil, nil, ""}}}},
		"nil of another namespace":       {`<a nil="true"/>`, nil, object{"a": object{"nil": "true"}}},
		"a derived type":                 {`<a` + xsi + ` xmlns:p="u"><b xsi:type="p:Person"><type>x</type></b></a>`, nil, object{"a": object{"b": object{"_type": "Person", "type": "x"}}}},
		"type beside xsi:type":           {`<a` + xsi + ` xsi:type="T" type="1"><type>x</type></a>`, nil, object{"a": object{"_type": "T", "__type": "1", "type": "x"}}},
		"the place of a schema":          {`<a` + xsi + ` xsi:schemaLocation="u v">x</a>`, nil, object{"a": "x"}},
		"mixed content":                  {"<p>Hello <b>you</b>, <!-- -->there</p>", nil, object{"p": object{"b": "you", "_": "Hello , there"}}},
		"an element named _":             {`<a x="1">t<_>u</_></a>`, nil, object{"a": object{"x": "1", "_": "u", "__": "t"}}},
		"underscores in front":           {"<a><__encoded_query>active=true</__encoded_query></a>", nil, object{"a": object{"__encoded_query": "active=true"}}},
		"line ends":                      {"<a>1\r\n2\r3&#13;</a>", nil, object{"a": "1\n2\n3\r"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Decode([]byte(test.text), ReadOptions{Lists: test.lists})
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	p := func(pairs ...any) steps.Pairs {
		var out steps.Pairs
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, steps.Pair{Key: pairs[i].(string), Value: pairs[i+1]})
		}
		return out
	}
	tests := map[string]struct {
		tree       any
		namespaces steps.Pairs
		want       string
	}{
		"in order":              {p("a", p("z", 1, "b", true, "m", "x")), nil, "<a><z>1</z><b>true</b><m>x</m></a>"},
		"sorted":                {map[string]any{"a": map[string]any{"z": 1, "b": 2}}, nil, "<a><b>2</b><z>1</z></a>"},
		"as written":            {p("a", []any{steps.Scalar{Value: 7, Text: "007"}}), nil, "<a>007</a>"},
		"numbers":               {p("a", p("b", []any{1.5, 1e20, 1e21, -0.0000001, json.Number("1.10"), int64(7)})), nil, "<a><b>1.5</b><b>100000000000000000000</b><b>1e+21</b><b>-1e-07</b><b>1.10</b><b>7</b></a>"},
		"a time":                {p("a", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), nil, "<a>2026-01-02T03:04:05Z</a>"},
		"attributes":            {p("price", p("_", steps.Scalar{Value: 0.1, Text: "0.10"}, "_currency", "EUR", "_tax", nil)), nil, `<price currency="EUR">0.10</price>`},
		"two underscores":       {p("get", p("__encoded_query", "active=true")), nil, "<get><__encoded_query>active=true</__encoded_query></get>"},
		"an element like _name": {p("a", p("_x", []any{"1"}, "_y", p())), nil, "<a><_x>1</_x><_y/></a>"},
		"lists":                 {p("a", p("b", []any{"1", p("c", "2")}, "d", []any{})), nil, "<a><b>1</b><b><c>2</c></b></a>"},
		"empty":                 {p("a", p("b", "", "c", p())), nil, "<a><b/><c/></a>"},
		"null":                  {p("a", p("b", nil, "c", []any{nil, "x"}, "d", steps.Scalar{Text: "~"})), nil, `<a xmlns:xsi="` + InstanceSpace + `"><b xsi:nil="true"/><c xsi:nil="true"/><c>x</c><d xsi:nil="true"/></a>`},
		"null beside attribute": {p("a", p("_id", 1, "_", nil)), nil, `<a xmlns:xsi="` + InstanceSpace + `" id="1" xsi:nil="true"/>`},
		"a root of null":        {p("a", nil), nil, `<a xmlns:xsi="` + InstanceSpace + `" xsi:nil="true"/>`},
		"xsi declared already":  {p("a", p("b", nil)), p("xsi", InstanceSpace), `<a xmlns:xsi="` + InstanceSpace + `"><b xsi:nil="true"/></a>`},
		"prefixes":              {p("i:a", p("i:b", p("_i:c", 1), "d", "")), p("i", "urn:i&j"), `<i:a xmlns:i="urn:i&amp;j"><i:b i:c="1"/><d/></i:a>`},
		"declared in the tree":  {p("a", p("_xmlns", "urn:d", "p:b", p("_xmlns:p", "urn:p", "p:c", 1))), nil, `<a xmlns="urn:d"><p:b xmlns:p="urn:p"><p:c>1</p:c></p:b></a>`},
		"xml:lang":              {p("a", p("_xml:lang", "de")), nil, `<a xml:lang="de"/>`},
		"escapes":               {p("a", p("_q", "\"<'>&\r\n\t", "_", "\"<'>&\r\n\t]]>")), nil, "<a q=\"&quot;&lt;'&gt;&amp;&#xD;&#xA;&#x9;\">\"&lt;'&gt;&amp;&#xD;\n\t]]&gt;</a>"},
		"text among elements":   {p("p", p("_", "Hello ", "b", "you")), nil, "<p>Hello <b>you</b></p>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Encode(test.tree, WriteOptions{Namespaces: test.namespaces})
			want := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + test.want + "\n"
			if err != nil || string(got) != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
			if _, err := Parse(got, ReadOptions{}); err != nil {
				t.Errorf("got %v, want our own reader to take it", err)
			}
		})
	}
}

func TestEncodeIndented(t *testing.T) {
	t.Parallel()
	tree := map[string]any{"a": map[string]any{"b": []any{"1", map[string]any{"c": "2", "_id": 3}}, "d": "", "e": map[string]any{"_": "x", "f": "y"}}}
	got, err := Encode(tree, WriteOptions{Indent: true})
	want := `<?xml version="1.0" encoding="UTF-8"?>
<a>
  <b>1</b>
  <b id="3">
    <c>2</c>
  </b>
  <d/>
  <e>x<f>y</f></e>
</a>
`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	deep := any("x")
	for range 256 {
		deep = object{"a": deep}
	}
	tests := map[string]struct {
		tree any
		want string
	}{
		"no mapping":            {"x", "a document is a mapping with exactly one key, the name of its root element"},
		"two roots":             {object{"a": 1, "b": 2}, "a document is a mapping with exactly one key, the name of its root element"},
		"only an attribute":     {object{"_a": 1}, "a document is a mapping with exactly one key, the name of its root element"},
		"a list of roots":       {object{"a": []any{1, 2}}, "a: a document has one root element, not 2"},
		"a name with a space":   {object{"a": object{"b c": 1}}, `a.b c: "b c" is no XML name; one has letters, digits, '-', '_' and '.', begins with a letter or '_', and may have a prefix and a colon before it`},
		"a long xsi name":       {object{"a": object{"_xsi:" + strings.Repeat("b", 1001): 1}}, "a._xsi:" + strings.Repeat("b", 1001) + ": a name has 1001 bytes; the limit is 1000"},
		"a long prefix":         {object{"a": object{"_xmlns:" + strings.Repeat("p", 1001): "u"}}, `a: the prefix "` + strings.Repeat("p", 1001) + `" cannot be declared for the namespace "u"`},
		"a fixed default":       {object{"a": object{"_xmlns": xmlnsSpace}}, `a: the default namespace cannot be "` + xmlnsSpace + `"`},
		"a long name":           {object{"a": object{"_b": 1, strings.Repeat("b", 1001): 1}}, "a." + strings.Repeat("b", 1001) + ": a name has 1001 bytes; the limit is 1000"},
		"a name that breaks in": {object{"a": object{"_x=\"\"><b": 1}}, `a._x=""><b: "x=\"\"><b" is no XML name; one has letters, digits, '-', '_' and '.', begins with a letter or '_', and may have a prefix and a colon before it`},
		"an xsi name":           {object{"a": object{"_xsi:b c": 1}}, `a._xsi:b c: "xsi:b c" is no XML name; one has letters, digits, '-', '_' and '.', begins with a letter or '_', and may have a prefix and a colon before it`},
		"a prefix":              {object{"a": object{"p:b": 1}}, `a.p:b: the prefix "p" is not declared; declare it under namespaces, or as _xmlns:p`},
		"a prefix out of scope": {object{"a": object{"b": object{"_xmlns:p": "u"}, "p:c": 1}}, `a.p:c: the prefix "p" is not declared; declare it under namespaces, or as _xmlns:p`},
		"a declaration of xml":  {object{"a": object{"_xmlns:xml": "u"}}, `a: the prefix "xml" cannot be declared for the namespace "u"`},
		"a list in a list":      {object{"a": object{"b": []any{"x", []any{1}}}}, "a.b[1]: a list cannot stand here; put a mapping with the elements' name around it"},
		"a list as text":        {object{"a": object{"_": []any{1}}}, "a: a list cannot stand here; put a mapping with the elements' name around it"},
		"a mapping as text":     {object{"a": object{"_": object{}}}, "a: text is one plain value, not a mapping"},
		"NaN":                   {object{"order": object{"line": []any{object{"qty": math.NaN()}}}}, "order.line[0].qty: NaN is no number that can be written"},
		"a control character":   {object{"a": object{"_b": "\x01"}}, "a._b: the character U+0001 (or a byte that is no UTF-8) cannot stand in XML"},
		"no UTF-8":              {object{"a": "\xff"}, "a: the character U+FFFD (or a byte that is no UTF-8) cannot stand in XML"},
		"no data":               {object{"a": func() {}}, "a: a value of this kind cannot be written as XML; convert it to text"},
		"twice":                 {object{"a": steps.Pairs{{Key: "_b", Value: 1}, {Key: "_b", Value: 2}}}, "a._b: the attribute b stands twice in its element"},
		"twice by namespace":    {object{"a": object{"_xmlns:p": "u", "_xmlns:q": "u", "_p:b": 1, "_q:b": 2}}, "a._q:b: the attribute q:b stands twice in its element"},
		"another xsi":           {object{"a": object{"_xmlns:xsi": "u", "b": nil}}, "a.b._: xsi:nil is needed here, but the prefix xsi is declared for another namespace"},
		"too deep":              {object{"a": deep}, strings.Repeat("a.", 256) + "a: elements would lie more than 256 deep"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Encode(test.tree, WriteOptions{})
			var mistake *ValueError
			if !errors.As(err, &mistake) || mistake.Error() != test.want || got != nil {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
	if _, err := Encode(object{"a": 1}, WriteOptions{Namespaces: steps.Pairs{{Key: "p", Value: []any{}}}}); err == nil {
		t.Error("got no error, want a namespace that is a list to be refused")
	}
}

// TestEncodeTellsAllMistakes holds that one mistake does not hide the others, and which of them are mistakes of a key.
func TestEncodeTellsAllMistakes(t *testing.T) {
	t.Parallel()
	tree := steps.Pairs{{Key: "a", Value: steps.Pairs{{Key: "b c", Value: "\x01"}, {Key: "_d", Value: math.NaN()}, {Key: "p:e", Value: []any{"x", []any{1}}}, {Key: "good", Value: 1}}}}
	_, err := Encode(tree, WriteOptions{})
	joined, several := err.(interface{ Unwrap() []error })
	if !several {
		t.Fatalf("got %v, want several mistakes", err)
	}
	got := []string{}
	for _, e := range joined.Unwrap() {
		mistake := e.(*ValueError)
		got = append(got, fmt.Sprint(mistake.Path, " ", mistake.Key))
	}
	if want := []string{"a._d false", "a.b c true", "a.b c false", "a.p:e[0] true", "a.p:e[1] false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	list := make([]any, 1000)
	for i := range list {
		list[i] = "\x01"
	}
	if _, err = Encode(steps.Pairs{{Key: "a", Value: steps.Pairs{{Key: "b", Value: list}}}}, WriteOptions{}); len(err.(interface{ Unwrap() []error }).Unwrap()) != maxMistakes {
		t.Error("what is told is not bounded")
	}
}

func TestEncodeLeavesItsTreeAlone(t *testing.T) {
	t.Parallel()
	tree := steps.Pairs{{Key: "a", Value: []any{"x"}}}
	if _, err := Encode(tree, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, isList := tree[0].Value.([]any); !isList {
		t.Errorf("got %v, want the tree as it was", tree)
	}
}

// TestKeysOfHostileNames reads an element whose keys are taken, one underscore more for each attribute and child.
func TestKeysOfHostileNames(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("<a")
	for i := range 900 {
		text.WriteString(" " + strings.Repeat("_", i) + "x='a'")
	}
	text.WriteString(">")
	for i := range 900 {
		text.WriteString("<" + strings.Repeat("_", i) + "x/>")
	}
	got, err := Decode([]byte(text.String()+"</a>"), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	values := map[any]int{}
	for _, value := range got.(map[string]any)["a"].(map[string]any) {
		values[value]++
	}
	if values["a"] != 900 || values[""] != 900 {
		t.Errorf("got %d attributes and %d elements, want 900 of both", values["a"], values[""])
	}
}

// FuzzRoundTrip writes a tree that the input describes, and wants to read the same.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a1b(c\r\n<)")
	f.Add("(a(b&)c\"d)")
	f.Add(" \t(  )\uFFFD]]>")
	f.Fuzz(func(t *testing.T, shape string) {
		if _, bad := illegal(shape); bad {
			t.Skip()
		}
		tree := map[string]any{"root": treeOf(&shape, 0)}
		for _, indent := range []bool{false, true} {
			data, err := Encode(tree, WriteOptions{Indent: indent})
			if err != nil {
				t.Fatalf("got %v of %v", err, tree)
			}
			got, err := Decode(data, ReadOptions{})
			if err != nil || !reflect.DeepEqual(got, any(tree)) {
				t.Fatalf("got %v, %v\nwant %v\nfrom %s", got, err, tree, data)
			}
		}
	})
}

// treeOf makes a tree of texts: a bracket opens a mapping, and what stands before one is a text.
func treeOf(shape *string, depth int) any {
	text, rest, nested := strings.Cut(*shape, "(")
	*shape = rest
	if !nested || depth > 20 {
		return text
	}
	out := map[string]any{}
	for i := 0; i < 4 && *shape != ""; i++ {
		value := treeOf(shape, depth+1)
		if i%2 == 1 {
			value = []any{value, text}
		}
		out[fmt.Sprintf("k%d.ä", i)] = value
	}
	if len(out) == 0 {
		return text
	}
	return out
}

func BenchmarkDecode(b *testing.B) {
	data := []byte("<list>" + strings.Repeat(`<incident><sys_id>9c573169c611228700193229fff72400</sys_id><number>INC0000001</number><priority value="1">high</priority></incident>`, 1000) + "</list>")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, ReadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
