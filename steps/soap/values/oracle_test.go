package values

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"snrun/steps/steptest"
	"snrun/steps/xml"
)

// libxml is what checks documents against schemas with libxml2: of each line {schema, documents} it says of each document what is wrong
// with it, "" for nothing.
const libxml = `
import json, sys
from lxml import etree
for line in sys.stdin:
    case = json.loads(line)
    try:
        schema = etree.XMLSchema(etree.fromstring(case["schema"]))
    except etree.XMLSchemaParseError as e:
        print(json.dumps(["schema: " + str(e)] * len(case["documents"])))
        continue
    said = []
    for text in case["documents"]:
        try:
            valid = schema.validate(etree.fromstring(text))
            said.append("" if valid else "; ".join(str(e.message) for e in schema.error_log))
        except Exception as e:
            said.append("document: " + str(e))
    print(json.dumps(said))
`

// judged is a schema, and documents that libxml2 says something of.
type judged struct {
	Schema    string   `json:"schema"`
	Documents []string `json:"documents"`
	said      []string
}

// judge asks libxml2.
func judge(t *testing.T, cases []*judged) {
	t.Helper()
	const python = "/usr/bin/python3" // the one that Debian's lxml is for
	if err := exec.CommandContext(t.Context(), python, "-c", "import lxml").Run(); err != nil {
		steptest.Lacks(t, "no lxml to compare with: .ci/setup-soap-servers installs it")
	}
	var asked bytes.Buffer
	for _, c := range cases {
		if err := json.NewEncoder(&asked).Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", libxml)
	cmd.Stdin, cmd.Stderr = &asked, os.Stderr
	answer, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(bytes.NewReader(answer))
	for _, c := range cases {
		if err := answers.Decode(&c.said); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLikeLibxml holds that what is written of random values is valid to libxml2, against random schemas, and that of documents which
// were changed it and the decoder say the same: that they are valid, or not.
func TestLikeLibxml(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var cases []*judged
	for range 100 {
		d := &dice{bytes: make([]byte, 400)}
		for i := range d.bytes {
			d.bytes[i] = byte(random.UintN(256))
		}
		components := fuzzTypes + complexOf(d.group(2, false, false)+d.attributes(0))
		s := compile(t, components)
		e := elementNamed(t, s, "e")
		c := &judged{Schema: schemaOf(components)}
		for range 5 {
			value := d.valueOf(s, e, 4)
			node, problems := s.Encode(e, value, "params", &Writing{})
			if len(problems) > 0 {
				t.Fatalf("%s\n%s", asJSON(t, value), printProblems(problems))
			}
			c.Documents = append(c.Documents, xmlOf(t, node))
			for range 4 {
				changed := parsed(t, c.Documents[0])
				change(random, changed)
				c.Documents = append(c.Documents, xmlOf(t, changed))
			}
		}
		cases = append(cases, c)
	}
	judge(t, cases)
	for _, c := range cases {
		s := compile(t, strings.TrimSuffix(c.Schema[strings.Index(c.Schema, "\n"):], "</xs:schema>"))
		for i, text := range c.Documents {
			_, warnings := s.Decode(elementNamed(t, s, "e"), parsed(t, text), &Reading{})
			if said := c.said[i]; (said == "") != (len(warnings) == 0) {
				t.Errorf("%s\n%s\nlibxml2 says %q, the decoder\n%s", c.Schema[strings.Index(c.Schema, `<xs:element name="e">`):], text, said, printWarnings(warnings))
				break
			}
		}
	}
}

func xmlOf(t *testing.T, node *xml.Element) string {
	t.Helper()
	text, err := xml.Write(node, xml.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text = text[bytes.Index(text, []byte("?>"))+2:] // lxml wants text without a declaration
	return string(bytes.TrimSpace(text))
}

func parsed(t testing.TB, text string) *xml.Element {
	t.Helper()
	node, err := xml.Parse([]byte(text), xml.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// change makes a document another one: an element somewhere in it is left out, is there twice, is named or placed or filled differently.
func change(random *rand.Rand, node *xml.Element) {
	for len(node.Children) > 0 && random.IntN(3) > 0 {
		node = node.Children[random.IntN(len(node.Children))]
	}
	if len(node.Children) == 0 {
		node.Text = []string{"", "x", "1", "-1.5", "true", "2026-02-30", "1e3", "INF", "1 2"}[random.IntN(9)]
		return
	}
	i, j := random.IntN(len(node.Children)), random.IntN(len(node.Children))
	switch random.IntN(4) {
	case 0:
		node.Children = append(node.Children[:i], node.Children[i+1:]...)
	case 1:
		node.Children = append(node.Children, node.Children[i])
	case 2:
		node.Children[i], node.Children[j] = node.Children[j], node.Children[i]
	case 3:
		node.Children[i].Name = node.Children[j].Name
	}
}
