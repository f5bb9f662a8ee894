package values

import "testing"

// TestDecodeStrayed holds that an element in another namespace than the schema's is read as the one that is meant, which is told once.
func TestDecodeStrayed(t *testing.T) {
	t.Parallel()
	s := compile(t, `<xs:element name="r"><xs:complexType><xs:sequence>
		<xs:element name="n" type="xs:int" maxOccurs="unbounded"/>
		<xs:element name="p" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="b" type="xs:boolean"/></xs:sequence></xs:complexType></xs:element>
	</xs:sequence></xs:complexType></xs:element>
	<xs:element name="open"><xs:complexType><xs:sequence>
		<xs:element name="n" type="xs:int" minOccurs="0"/><xs:any namespace="##other" processContents="lax" minOccurs="0"/>
	</xs:sequence></xs:complexType></xs:element>`)
	const told = "r.n: stands in the namespace urn:t, but the schema has it in no namespace; all such elements are read as those that are meant"
	for _, test := range []struct{ name, element, text, want, warnings string }{
		{"qualified", "r", `<t:r><t:n>1</t:n><t:n>2</t:n><t:p><t:b>true</t:b></t:p></t:r>`, `{"n":[1,2],"p":{"b":true}}`, told},
		{"two namespaces", "r", `<t:r><x:n xmlns:x="urn:x">1</x:n><t:n>2</t:n></t:r>`, `{"n":[1,2]}`,
			"r.n: stands in the namespace urn:x, but the schema has it in no namespace; all such elements are read as those that are meant\n" + told},
		{"as it should be", "r", `<t:r><n>1</n></t:r>`, `{"n":[1]}`, ""},
		{"another name", "r", `<t:r><n>1</n><t:m>2</t:m></t:r>`, `{"m":"2","n":[1]}`, "r.m: the schema has no such element here"},
		{"of a wildcard", "open", `<t:open><x:n xmlns:x="urn:x">a</x:n></t:open>`, `{"{urn:x}n":"a"}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			value, warnings := s.Decode(elementNamed(t, s, test.element), parse(t, test.text), &Reading{Path: test.element})
			if got := asJSON(t, value); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
			if got := printWarnings(warnings); got != test.warnings {
				t.Errorf("warnings\n%s\nwant\n%s", got, test.warnings)
			}
		})
	}
}
