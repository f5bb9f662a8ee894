package soap

import (
	"fmt"
	"strings"
	"testing"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// bodyOf parses elements as those of a body.
func bodyOf(t *testing.T, text string) []*xml.Element {
	t.Helper()
	root, err := xml.Parse([]byte(`<body xmlns:enc="`+xsd.Encoding12+`" xmlns:soapenc="`+xsd.Encoding11+`">`+text+`</body>`), xml.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return root.Children
}

func TestJoin(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, want string }{
		{"nothing to join", `<r><a>1</a></r>`, `<r><a>1</a></r>`},
		{"a reference", `<r><a href="#x"/></r><m id="x" soapenc:root="0"><b>1</b></m>`, `<r><a><b>1</b></a></r>`},
		{"attributes of the target stay", `<r><a href="#x"/></r><m id="x" unit="kg">5</m>`, `<r><a unit="kg">5</a></r>`},
		{"two references to one", `<r><a href="#x"/><b href="#x"/></r><m id="x">7</m>`, `<r><a>7</a><b>7</b></r>`},
		{"one through another", `<r><a href="#x"/></r><m id="x"><b href="#y"/></m><m id="y">7</m>`, `<r><a><b>7</b></a></r>`},
		{"within the first element", `<r><a id="x">7</a><b href="#x"/></r>`, `<r><a id="x">7</a><b>7</b></r>`},
		{"two that stand by themselves", `<r>1</r><s><a href="#x"/></s><m id="x">7</m>`, `<r>1</r><s><a>7</a></s>`},
		{"a link", `<r><a href="#x">text</a><m id="x">7</m></r>`, `<r><a>7</a><m id="x">7</m></r>`},
		{"what holds something is no reference", `<r><a href="#x"><b>1</b></a></r>`, `<r><a href="#x"><b>1</b></a></r>`},
		{"SOAP 1.2", `<r><a enc:ref="x"/></r><m enc:id="x">7</m>`, `<r><a>7</a></r>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := join(bodyOf(t, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, e := range got {
				all.WriteString(printed(e))
			}
			if all.String() != tt.want {
				t.Errorf("got %s, want %s", all.String(), tt.want)
			}
		})
	}
}

// printed writes a tree without its namespaces.
func printed(e *xml.Element) string {
	var b strings.Builder
	b.WriteString("<" + e.Name.Local)
	for _, a := range e.Attrs {
		fmt.Fprintf(&b, " %s=%q", a.Name.Local, a.Value)
	}
	b.WriteString(">" + e.Text)
	for _, c := range e.Children {
		b.WriteString(printed(c))
	}
	return b.String() + "</" + e.Name.Local + ">"
}

func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	var bomb, deep strings.Builder
	bomb.WriteString(`<r><a href="#m0"/></r>`)
	for i := range 30 {
		fmt.Fprintf(&bomb, `<m id="m%d"><a href="#m%d"/><b href="#m%d"/></m>`, i, i+1, i+1)
	}
	bomb.WriteString(`<m id="m30">x</m>`)
	deep.WriteString(`<r><a href="#m0"/></r>`)
	for i := range 300 {
		fmt.Fprintf(&deep, `<m id="m%d"><a href="#m%d"/></m>`, i, i+1)
	}
	deep.WriteString(`<m id="m300">x</m>`)
	text := strings.Repeat("x", 1<<20)
	long := `<r>` + strings.Repeat(`<a href="#m"/>`, 65) + `</r><m id="m">` + text + `</m>`
	tests := []struct{ name, body, want string }{
		{"much text", long, `the references in the message make more than 64 MB of it`},
		{"itself", `<r><a href="#x"/></r><m id="x"><b href="#x"/></m>`, `the element with the id "x" contains itself by its references: such a value cannot be written out`},
		{"a circle of two", `<r><a href="#x"/></r><m id="x"><b href="#y"/></m><m id="y"><b href="#x"/></m>`, `the element with the id "x" contains itself by its references: such a value cannot be written out`},
		{"nothing there", `<r><a href="#x"/></r>`, `<a> refers to "x", which is not in the message`},
		{"somewhere else", `<r><a href="http://example.com/x"/></r><m id="http://example.com/x"/>`, `<a> refers to "http://example.com/x", which is not in the message`},
		{"an id twice", `<r><a href="#x"/></r><m id="x">1</m><m id="x">2</m>`, `the id "x" stands at two elements; which one is referred to cannot be told`},
		{"a bomb", bomb.String(), `the references in the message make more than 200000 elements and attributes of it`},
		{"a long chain", deep.String(), `with the references in the message elements lie more than 256 deep`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := join(bodyOf(t, tt.body)); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
