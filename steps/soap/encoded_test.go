package soap

import (
	"encoding/json"
	"testing"

	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

func TestPlainValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"types", `<n xsi:type="xsd:int">7</n>`, `{"n":"7"}`},
		{"null", `<n xsi:type="xsd:int" xsi:nil="1"/>`, `{"n":null}`},
		{"a type of its own", `<n xsi:type="m:Member" id="r1"><a xsi:type="xsd:string">x</a></n>`, `{"n":{"_type":"Member","a":"x"}}`},
		{"array", `<n e:arrayType="xsd:int[1]"><item>1</item></n>`, `{"n":["1"]}`},
		{"array of nothing", `<n xsi:type="e:Array"/>`, `{"n":[]}`},
		{"arrays in an array", `<n xsi:type="e:Array"><i xsi:type="e:Array"><i>1</i></i><i xsi:type="e:Array"/></n>`, `{"n":[["1"],[]]}`},
		{"array of SOAP 1.2", `<n f:itemType="xsd:int"><i>1</i></n>`, `{"n":["1"]}`},
		{"repeated", `<n xsi:type="xsd:int">1</n><n>2</n>`, `{"n":["1","2"]}`},
		{"named as a list", `<l xsi:type="xsd:int">1</l>`, `{"l":["1"]}`},
		{"text between elements", `<n e:root="1"> x <a>1</a></n>`, `{"n":{"a":"1"}}`},
		{"an array of another namespace", `<n xsi:type="m:Array" e:root="1"><i>1</i></n>`, `{"n":{"_type":"Array","i":"1"}}`},
		{"the style of the encoding", `<n s:encodingStyle=" ` + xsd.Encoding11 + ` " xsi:type="m:Member"><a id="x">1</a></n>`, `{"n":{"_type":"Member","a":"1"}}`},
		{"another style", `<n s:encodingStyle="urn:x"><a id="x">1</a></n>`, `{"n":{"a":{"_":"1","id":"x"},"encodingStyle":"urn:x"}}`},
		{"not encoded", `<n id="a" xsi:type="m:Member">7</n>`, `{"n":{"_":"7","_type":"Member","id":"a"}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root, err := xml.Parse([]byte(`<r xmlns:xsi="`+xml.InstanceSpace+`" xmlns:xsd="`+xml.SchemaSpace+`" xmlns:e="`+xsd.Encoding11+`" xmlns:f="`+xsd.Encoding12+`" xmlns:m="urn:m" xmlns:s="`+space11+`">`+test.text+`</r>`), xml.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(plainValue(root, []string{"l"})); string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestFaultOfAnotherVersion holds that a fault of SOAP 1.2 is read in an envelope of SOAP 1.1, where node-soap puts it.
func TestFaultOfAnotherVersion(t *testing.T) {
	t.Parallel()
	root, err := xml.Parse([]byte(`<s:Fault xmlns:s="`+space11+`"><s:Code><s:Value>S:Client</s:Value><s:Subcode><s:Value>NotYou</s:Value></s:Subcode></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>`), xml.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := readFault(root, "1.1"); got.code != "Client" || len(got.subcodes) != 1 || got.subcodes[0] != "NotYou" || got.message != "no" {
		t.Errorf("got %+v", got)
	}
}
