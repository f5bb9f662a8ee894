package soap

import (
	"regexp"
	"testing"

	"snrun/steps/xml"
)

func TestMessageID(t *testing.T) {
	t.Parallel()
	for key, form := range map[string]string{
		"":  `^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"k": `^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
	} {
		for range 20 { // bits that are random are right now and then
			id := messageID(key)
			if !regexp.MustCompile(form).MatchString(id) {
				t.Errorf("key %q: got %s", key, id)
			}
			if again := messageID(key) == id; again != (key != "") {
				t.Errorf("key %q: the same id again: %v", key, again)
			}
		}
	}
	if messageID("a") == messageID("b") {
		t.Error("two keys have one id")
	}
}

func TestAnswersWhat(t *testing.T) {
	t.Parallel()
	relates := func(to, kind string) *xml.Element {
		e := &xml.Element{Name: xml.Name{Space: addressingSpace, Local: "RelatesTo"}, Text: to}
		if kind != "" {
			e.Attrs = []xml.Attr{{Name: xml.Name{Local: "RelationshipType"}, Value: kind}}
		}
		return e
	}
	other := &xml.Element{Name: xml.Name{Space: "urn:x", Local: "RelatesTo"}, Text: "b"}
	tests := []struct {
		name    string
		headers []*xml.Element
		ok      bool
	}{
		{"nothing", nil, true},
		{"this one", []*xml.Element{relates(" a ", "")}, true},
		{"another", []*xml.Element{relates("b", "")}, false},
		{"an answer to another", []*xml.Element{relates("b", addressingSpace+"/reply")}, false},
		{"another relation", []*xml.Element{relates("b", "urn:x")}, true},
		{"another relation first", []*xml.Element{relates("b", "urn:x"), relates("c", "")}, false},
		{"another namespace", []*xml.Element{other}, true},
	}
	for _, tt := range tests {
		if err := answers(tt.headers, "a"); (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}
