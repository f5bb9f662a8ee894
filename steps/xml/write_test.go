package xml

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"snrun/steps"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	in := func(space, local string) Name { return Name{space, local} }
	named := func(space, local string) *Name { return &Name{space, local} }
	tests := map[string]struct {
		tree *Element
		opts WriteOptions
		want string
	}{
		"nothing in it":           {&Element{Name: in("", "a")}, WriteOptions{}, `<a/>`},
		"text":                    {&Element{Name: in("", "a"), Text: "<&>\r\n\t\"'ü"}, WriteOptions{}, "<a>&lt;&amp;&gt;&#xD;\n\t\"'ü</a>"},
		"an attribute":            {&Element{Name: in("", "a"), Attrs: []Attr{{Name: in("", "b"), Value: "<&>\r\n\t\"'"}}}, WriteOptions{}, `<a b="&lt;&amp;&gt;&#xD;&#xA;&#x9;&quot;'"/>`},
		"text before children":    {&Element{Name: in("", "a"), Text: "x", Children: []*Element{{Name: in("", "b")}}}, WriteOptions{Indent: true}, `<a>x<b/></a>`},
		"prefixes wished for":     {&Element{Name: in("u", "a"), Prefix: "p", Children: []*Element{{Name: in("v", "b"), Prefix: "q"}}}, WriteOptions{}, `<p:a xmlns:p="u" xmlns:q="v"><q:b/></p:a>`},
		"a prefix for two":        {&Element{Name: in("u", "a"), Prefix: "p", Children: []*Element{{Name: in("v", "b"), Prefix: "p"}, {Name: in("w", "ns1"), Prefix: "ns1"}}}, WriteOptions{}, `<p:a xmlns:p="u" xmlns:ns1="v" xmlns:ns2="w"><ns1:b/><ns2:ns1/></p:a>`},
		"no prefixes":             {&Element{Name: in("u", "a"), Attrs: []Attr{{Name: in("v&", "b")}, {Name: in("u", "b")}, {Name: in("", "b")}}}, WriteOptions{}, `<ns1:a xmlns:ns1="u" xmlns:ns2="v&amp;" ns2:b="" ns1:b="" b=""/>`},
		"xml and xsi":             {&Element{Name: in("", "a"), Attrs: []Attr{{Name: in(XMLSpace, "lang"), Prefix: "p", Value: "de"}, {Name: in(InstanceSpace, "nil"), Value: "true"}}}, WriteOptions{}, `<a xmlns:xsi="` + InstanceSpace + `" xml:lang="de" xsi:nil="true"/>`},
		"fixed prefixes":          {&Element{Name: in("u", "a"), Prefix: "xml", Children: []*Element{{Name: in("v", "b"), Prefix: "xmlns"}}}, WriteOptions{}, `<ns1:a xmlns:ns1="u" xmlns:ns2="v"><ns2:b/></ns1:a>`},
		"a name as text":          {&Element{Name: in("", "a"), QName: named("u", "b"), Children: []*Element{{Name: in("", "c"), QName: named("", "d")}}}, WriteOptions{Indent: true}, `<a xmlns:ns1="u">ns1:b<c>d</c></a>`},
		"a name as a value":       {&Element{Name: in("", "a"), Attrs: []Attr{{Name: in(InstanceSpace, "type"), QName: named("u", "b")}, {Name: in("", "of"), QName: named("u", "c"), Value: "[2]"}}}, WriteOptions{}, `<a xmlns:xsi="` + InstanceSpace + `" xmlns:ns1="u" xsi:type="ns1:b" of="ns1:c[2]"/>`},
		"namespaces of the steps": {&Element{Name: in("u", "a"), Prefix: "q"}, WriteOptions{Namespaces: steps.Pairs{{Key: "p", Value: "u"}, {Key: "o", Value: "v"}, {Key: "o2", Value: "u"}}}, `<p:a xmlns:p="u" xmlns:o="v" xmlns:o2="u"/>`},
		"indented":                {&Element{Name: in("", "a"), Children: []*Element{{Name: in("", "b"), Children: []*Element{{Name: in("", "c")}}}, {Name: in("", "d"), Text: "x"}}}, WriteOptions{Indent: true}, "<a>\n  <b>\n    <c/>\n  </b>\n  <d>x</d>\n</a>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Write(test.tree, test.opts)
			if want := xmlDeclared + test.want + "\n"; err != nil || string(got) != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
			test.opts.Fragment = true
			if got, err := Write(test.tree, test.opts); err != nil || string(got) != test.want {
				t.Errorf("as a fragment: got  %s, %v\nwant %s", got, err, test.want)
			}
			if !test.opts.Indent {
				readsAs(t, got, test.tree)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	a := Name{"", "a"}
	circle := &Element{Name: a}
	circle.Children = []*Element{circle, circle}
	line := func(e *Element) *Element {
		return &Element{Name: Name{"u", "order"}, Children: []*Element{{Name: Name{"u", "line"}}, {Name: a}, {Name: Name{"u", "line"}, Children: []*Element{e}}}}
	}
	const noName = ` is no XML name; one has letters, digits, '-', '_' and '.', and begins with a letter or '_'`
	tests := map[string]struct {
		tree *Element
		want string
	}{
		"no name":                  {&Element{}, `""` + noName},
		"a name with a colon":      {line(&Element{Name: Name{"", "p:b"}}), `order.line[1].p:b: "p:b"` + noName},
		"a name that breaks in":    {&Element{Name: a, Attrs: []Attr{{Name: Name{"", `x=""><b`}}}}, `a.x=""><b: "x=\"\"><b"` + noName},
		"a QName that breaks in":   {&Element{Name: a, QName: &Name{"", "b</a>"}}, `a: "b</a>"` + noName},
		"a QName without a name":   {&Element{Name: a, Attrs: []Attr{{Name: Name{"", "b"}, QName: &Name{"u", ""}}}}, `a.b: ""` + noName},
		"a name of wrong bytes":    {&Element{Name: Name{"", "a\xff"}}, `a` + "\xff" + `: "a\xff"` + noName},
		"a long name":              {&Element{Name: a, Attrs: []Attr{{Name: Name{"", strings.Repeat("b", 1001)}}}}, "a." + strings.Repeat("b", 100) + "…: a name has 1001 bytes; the limit is 1000"},
		"a prefix that breaks in":  {&Element{Name: Name{"u", "a"}, Prefix: "p q"}, `a: "p q" is no prefix; one has letters, digits, '-', '_' and '.', and begins with a letter or '_'`},
		"a QName and a text":       {&Element{Name: a, QName: &Name{"u", "b"}, Text: "c"}, `a: the name {u}b and the text "c" cannot both be its text`},
		"a control character":      {line(&Element{Name: a, Text: "\x00"}), "order.line[1].a: the character U+0000 (or a byte that is no UTF-8) cannot stand in XML"},
		"no UTF-8 in a value":      {line(&Element{Name: a, Attrs: []Attr{{Name: Name{"", "b"}, Value: "\xff"}}}), "order.line[1].a.b: the character U+FFFD (or a byte that is no UTF-8) cannot stand in XML"},
		"half a surrogate pair":    {&Element{Name: a, Text: "\xed\xa0\x80"}, "a: the character U+FFFD (or a byte that is no UTF-8) cannot stand in XML"},
		"a control in a namespace": {&Element{Name: Name{"\x01", "a"}}, "a: the character U+0001 (or a byte that is no UTF-8) cannot stand in XML"},
		"a declaration":            {&Element{Name: a, Attrs: []Attr{{Name: Name{xmlnsSpace, "p"}, Prefix: "xmlns", Value: "u"}}}, "a.p: namespaces are declared by themselves, not by attributes"},
		"a default namespace":      {&Element{Name: a, Attrs: []Attr{{Name: Name{"", "xmlns"}, Value: "u"}}}, "a.xmlns: namespaces are declared by themselves, not by attributes"},
		"an attribute twice":       {&Element{Name: a, Attrs: []Attr{{Name: Name{"u", "b"}, Prefix: "p"}, {Name: Name{"u", "b"}, Prefix: "q"}}}, "a.b: the attribute {u}b stands twice in its element"},
		"too deep":                 {circle, "a" + strings.Repeat(".a[1]", 256) + ": elements would lie more than 256 deep"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Write(test.tree, WriteOptions{})
			var mistake *ValueError
			if !errors.As(err, &mistake) || mistake.Error() != test.want || got != nil {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestWriteRefusesNamespaces(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		namespaces steps.Pairs
		want       string
	}{
		"no text":         {steps.Pairs{{Key: "p", Value: []any{}}}, "p: a prefix stands for the name of a namespace, which is a text"},
		"a default":       {steps.Pairs{{Key: "", Value: "u"}}, `the prefix "" cannot be declared for the namespace "u"`},
		"a prefix twice":  {steps.Pairs{{Key: "p", Value: "u"}, {Key: "p", Value: "v"}}, `p: the prefix "p" cannot be declared for the namespace "v"`},
		"xml":             {steps.Pairs{{Key: "xml", Value: "u"}}, `xml: the prefix "xml" cannot be declared for the namespace "u"`},
		"a long prefix":   {steps.Pairs{{Key: strings.Repeat("p", 1001), Value: "u"}}, strings.Repeat("p", 1001) + `: the prefix "` + strings.Repeat("p", 1001) + `" cannot be declared for the namespace "u"`},
		"another for xml": {steps.Pairs{{Key: "p", Value: XMLSpace}}, `p: the prefix "p" cannot be declared for the namespace "` + XMLSpace + `"`},
		"no character":    {steps.Pairs{{Key: "p", Value: "\x00"}}, `p: the character U+0000 (or a byte that is no UTF-8) cannot stand in XML`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Write(&Element{Name: Name{"", "a"}}, WriteOptions{Namespaces: test.namespaces})
			if err == nil || err.Error() != test.want {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

// readsAs wants a document to be read as the tree that was written.
func readsAs(t *testing.T, data []byte, want *Element) {
	t.Helper()
	got, err := Parse(data, ReadOptions{})
	if err != nil {
		t.Fatalf("got %v, want our own reader to take\n%s", err, data)
	}
	if err := same(got, want); err != nil {
		t.Fatalf("got %v from\n%s", err, data)
	}
}

// same says where an element that was read differs from the one that was written. Prefixes may.
func same(got, want *Element) error {
	wrong := func(what string, got, want any) error {
		return fmt.Errorf("<%s>: %s %q, want %q", want, what, got, want)
	}
	if got.Name != want.Name {
		return wrong("name", got.Name, want.Name)
	}
	if name, ok := got.Resolve(got.Text); want.QName != nil && (!ok || name != *want.QName) {
		return wrong("the name in the text", name, want.QName)
	} else if want.QName == nil && got.Text != want.Text {
		return wrong("text", got.Text, want.Text)
	}
	if len(got.Attrs) != len(want.Attrs) || len(got.Children) != len(want.Children) {
		return wrong("number of attributes and children", []int{len(got.Attrs), len(got.Children)}, []int{len(want.Attrs), len(want.Children)})
	}
	for i, a := range got.Attrs {
		w := want.Attrs[i]
		name, ok := got.Resolve(strings.TrimSuffix(a.Value, w.Value))
		if a.Name != w.Name || w.QName == nil && a.Value != w.Value || w.QName != nil && (!ok || name != *w.QName) {
			return wrong("attribute", a, w)
		}
	}
	for i := range got.Children {
		if err := same(got.Children[i], want.Children[i]); err != nil {
			return err
		}
	}
	return nil
}

// FuzzWrite writes any tree: what is written reads the same, and what is refused has something in it that cannot be written.
func FuzzWrite(f *testing.F) {
	f.Add("a|u|p|x|(b|v|p|y\r\n|@c|u|q|z\"<|)", true)
	f.Add("a|||t|@xmlns||p|u|", false)
	f.Add("a|http://www.w3.org/2000/xmlns/|p|t|", false)
	f.Add("a|u|xml|t|?b|v|", true)
	f.Fuzz(func(t *testing.T, shape string, indent bool) {
		fields := strings.Split(shape, "|")
		tree := elementOf(&fields, 0)
		data, err := Write(tree, WriteOptions{})
		var mistake *ValueError
		if err != nil {
			if !errors.As(err, &mistake) || writable(tree) {
				t.Fatalf("got %v of %q, want it to be written", err, shape)
			}
			return
		}
		readsAs(t, data, tree)
		indented, err := Write(tree, WriteOptions{Indent: indent, Fragment: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(indented, ReadOptions{}); err != nil {
			t.Fatalf("got %v from\n%s", err, indented)
		}
	})
}

// elementOf makes an element of fields: its name, namespace, prefix and text; then attributes (@), a name as text (?) and
// children ("(" begins one, ")" ends the element).
func elementOf(fields *[]string, depth int) *Element {
	next := func() string {
		if len(*fields) == 0 {
			return ""
		}
		field := (*fields)[0]
		*fields = (*fields)[1:]
		return field
	}
	e := &Element{Name: Name{Local: next(), Space: next()}, Prefix: next(), Text: next()}
	for len(*fields) > 0 && depth < 200 {
		switch field := next(); {
		case strings.HasPrefix(field, "@"):
			e.Attrs = append(e.Attrs, Attr{Name: Name{Local: field[1:], Space: next()}, Prefix: next(), Value: next()})
		case strings.HasPrefix(field, "?"):
			e.QName, e.Text = &Name{Local: field[1:], Space: next()}, ""
		case strings.HasPrefix(field, "("):
			*fields = slices.Concat([]string{field[1:]}, *fields)
			e.Children = append(e.Children, elementOf(fields, depth+1))
		default:
			return e
		}
	}
	return e
}

// writable says whether all in a tree can be written, as far as that is simple to say.
func writable(e *Element) bool {
	seen := map[Name]bool{}
	ok := func(n Name, prefix string) bool {
		_, bad := illegal(n.Space)
		return isName(n.Local) && len(n.Local) <= maxName && len(prefix) <= maxName && !bad && n.Space != xmlnsSpace && (prefix == "" || isName(prefix))
	}
	_, bad := illegal(e.Text)
	if bad || !ok(e.Name, e.Prefix) || e.QName != nil && !ok(*e.QName, "") {
		return false
	}
	for _, a := range e.Attrs {
		if _, bad := illegal(a.Value); bad || seen[a.Name] || !ok(a.Name, a.Prefix) || a.Name == (Name{Local: "xmlns"}) {
			return false
		}
		seen[a.Name] = true
	}
	return !slices.ContainsFunc(e.Children, func(c *Element) bool { return !writable(c) })
}
