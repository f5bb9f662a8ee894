package jobs

import (
	"strings"
	"testing"

	"snrun/steps"
)

func TestScope(t *testing.T) {
	t.Parallel()
	outer := NewScope().With("b", TextShape()).With("a", IntShape())
	inner := outer.With("c", BoolShape()).Explain("a", "a is gone")
	if got := strings.Join(inner.Names(), " "); got != "b c" {
		t.Errorf("got the names %q inside", got)
	}
	if got := strings.Join(outer.Names(), " "); got != "a b" {
		t.Errorf("got the names %q outside", got)
	}
	tests := []struct{ name, what, why string }{
		{"a", "", "a is gone"},
		{"b", "text", ""},
		{"error", "", elsewhere["error"]},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		shape, why := inner.lookup(test.name)
		what := ""
		if shape != nil {
			what = shape.What()
		}
		if what != test.what || why != test.why {
			t.Errorf("%s: got %q, %q, want %q, %q", test.name, what, why, test.what, test.why)
		}
	}
	if shape, _ := inner.With("a", TextShape()).lookup("a"); shape == nil {
		t.Error("a name that was explained away cannot come back")
	}
}

func TestShapeWhat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		shape *Shape
		want  string
	}{
		{AnyShape(), "any value"},
		{NullShape(), "null"},
		{TextShape().OrNull(), "text or null"},
		{IntShape(), "a whole number"},
		{FloatShape(), "a number"},
		{BoolShape(), "true or false"},
		{either(ListShape(nil), MapShape(nil)), "a list or a map"},
		{either(TextShape(), NullShape()), "text"},
	}
	for _, test := range tests {
		if got := test.shape.What(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestShapeItem(t *testing.T) {
	t.Parallel()
	if item, ok := ListShape(TextShape()).WithSecret().Item(); !ok || item.What() != "text" || !item.Secret() {
		t.Error("an item of a list of secret texts must be a secret text")
	}
	if entry, ok := OpenMap(IntShape()).Item(); !ok || strings.Join(entry.fieldNames(), " ") != "key value" {
		t.Error("an entry of a map must have a key and a value")
	}
	if _, ok := TextShape().Item(); ok {
		t.Error("a text was taken for something to loop over")
	}
	if item, ok := AnyShape().Item(); !ok || item.What() != "any value" {
		t.Error("any value may be looped over")
	}
}

func TestShapeSecret(t *testing.T) {
	t.Parallel()
	deep := MapShape(map[string]*Shape{"a": ListShape(OpenMap(TextShape().WithSecret()))})
	lazy := LazyMap(func(string) (*Shape, string, string) { return deep, "", "" }, func() []string { return []string{"x"} })
	if !deep.Secret() || !lazy.Secret() {
		t.Error("a secret inside was not found")
	}
	if AnyShape().Secret() || MapShape(map[string]*Shape{"a": TextShape()}).Secret() {
		t.Error("a secret was found where there is none")
	}
	if f, _, _ := MapShape(map[string]*Shape{"a": TextShape()}).WithSecret().field("a"); !f.Secret() {
		t.Error("a field of a secret map must be secret")
	}
}

func TestAnswerShape(t *testing.T) {
	t.Parallel()
	asked := 0
	var tree *steps.Shape
	tree = &steps.Shape{
		Forms: []steps.Form{steps.Map}, Keys: func() []string { asked++; return []string{"kid", "kids", "n", "text"} },
		Key: func(name string) *steps.Shape {
			asked++
			return map[string]*steps.Shape{"kid": tree, "kids": {Forms: []steps.Form{steps.List}, Item: tree, Null: true}, "n": {Forms: []steps.Form{steps.Int, steps.Text}}, "text": {}}[name]
		},
	}
	s := answerShape(tree)
	if s.Secret() || asked > 0 {
		t.Errorf("no secret is in an answer, so it need not be looked for: asked %d times", asked)
	}
	for name, want := range map[string]string{"kid": "a map", "kids": "a list or null", "n": "a whole number or text", "text": "any value"} {
		if f, _, _ := s.field(name); f == nil || f.What() != want {
			t.Errorf("%s: got %v, want %s", name, f, want)
		}
	}
	kids, _, _ := s.field("kids")
	if item, ok := kids.Item(); !ok || item.What() != "a map" {
		t.Error("an item must be as the shape says")
	}
	if f, _, _ := s.field("other"); f != nil {
		t.Errorf("got %s for what is not there", f.What())
	}
	if f, _, _ := s.WithSecret().field("n"); !f.Secret() || !s.WithSecret().Secret() {
		t.Error("what is computed from a secret stays one")
	}
	if got := answerShape(nil).What() + ", " + answerShape(&steps.Shape{}).What(); got != "any value, any value" {
		t.Errorf("got %s of nothing", got)
	}
}
