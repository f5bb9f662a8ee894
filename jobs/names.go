package jobs

import (
	"regexp"
	"slices"
	"sort"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// identifier is a name that expressions can use.
var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// title is a name of a job or a profile, which no expression uses.
var title = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// reserved are the words that expressions use themselves.
var reserved = map[string]bool{
	"true": true, "false": true, "nil": true, "null": true, "let": true, "if": true, "else": true, "in": true,
	"not": true, "and": true, "or": true, "matches": true, "contains": true, "startsWith": true, "endsWith": true,
}

// jobScope is what every expression of a job sees.
func (d *decoder) jobScope(inputs *Inputs) *Scope {
	given := map[string]*Shape{}
	for _, name := range inputs.Names() {
		given[name] = typeShape(inputs.Type(name))
		if slices.Contains(d.secret, name) || slices.Contains(d.secret, "*") {
			given[name] = given[name].WithSecret()
		}
	}
	saved := map[string]*Shape{}
	for name := range d.state {
		saved[name] = AnyShape()
	}
	return d.outerScope().
		With("inputs", declared(given, "declare it under inputs")).
		With("state", declared(saved, "declare it under state")).
		With("run", runShape()).
		Explain("response", "`response` is an answer, so it is known only in a request's own expect, paginate, retry.when and output").
		Explain("error", "`error` is known only inside `catch`, `on_failure` and `retry.when`")
}

// declared is the shape of a map of what the job declares; hint says what to do where that is nothing at all.
func declared(fields map[string]*Shape, hint string) *Shape {
	if len(fields) > 0 {
		return MapShape(fields)
	}
	return LazyMap(func(string) (*Shape, string, string) { return nil, "", hint }, func() []string { return nil })
}

// outerScope is what profiles and jobs both see.
func (d *decoder) outerScope() *Scope {
	return NewScope().
		With("env", OpenMap(TextShape().OrNull())).
		With("secret", OpenMap(TextShape()).WithSecret())
}

func runShape() *Shape {
	return MapShape(map[string]*Shape{
		"id": TextShape(), "job": TextShape(), "due": TextShape(), "started": TextShape(),
		"trigger": TextShape(), "attempt": IntShape(),
	})
}

// errorShape is `error` as a catch sees it.
func errorShape() *Shape {
	return MapShape(map[string]*Shape{
		"kind": TextShape(), "message": TextShape(), "step": TextShape(),
		"status": AnyShape(), "attempts": IntShape(), "fault": faultShape().OrNull(),
	})
}

// faultShape is `error.fault`: what a SOAP server said of its refusal.
func faultShape() *Shape {
	return MapShape(map[string]*Shape{
		"code": TextShape(), "subcodes": ListShape(TextShape()), "message": TextShape(), "detail": AnyShape(),
	})
}

// responseShape is `response` as the keys of a request see it: what every answer has, and what else the kind gives of one. The kind is
// nil where it is not known.
func responseShape(k *steps.Kind) *Shape {
	fields := map[string]*Shape{
		"status": IntShape(), "headers": OpenMap(nil), "all_headers": OpenMap(nil), "body": AnyShape(),
		"url": TextShape(), "elapsed": IntShape(), "page": IntShape().OrNull(),
	}
	if k == nil {
		return MapShape(fields)
	}
	for _, r := range k.Gives {
		if fields[r.Name] == nil && r.Name != "output" && r.Name != "attempts" {
			fields[r.Name] = formShape(r.Type)
		}
	}
	return MapShape(fields)
}

// givenShape is `response` as a step's own output sees it: what the kind gives, and the body.
func givenShape(k *steps.Kind, body *Shape) *Shape {
	fields := map[string]*Shape{"body": body, "attempts": IntShape()}
	for _, r := range k.Gives {
		if r.Name != "output" {
			fields[r.Name] = formShape(r.Type)
		}
	}
	return MapShape(fields)
}

// resultShape is `steps.ID` of a step whose output has the shape given. That of a call is mostly the same for all of its kind.
func (d *decoder) resultShape(s *Step, output *Shape) *Shape {
	if output != d.any || s.If != nil {
		return resultShape(s, output)
	}
	if d.given[s.Kind.Name] == nil {
		d.given[s.Kind.Name] = resultShape(s, output)
	}
	return d.given[s.Kind.Name]
}

func resultShape(s *Step, output *Shape) *Shape {
	if s.If != nil {
		output = output.OrNull()
	}
	known := map[string]*Shape{"output": output, "skipped": BoolShape()}
	if s.Kind.Run != nil {
		known["attempts"] = IntShape()
	}
	for _, r := range s.Kind.Gives {
		if r.Name != "output" {
			known[r.Name] = formShape(r.Type)
		}
	}
	return MapShape(known)
}

// see makes the result of a step visible to the steps after it.
func (b *block) see(s *Step, output, result *Shape) {
	b.last = output
	if s.ID != "" {
		b.shapes[s.ID] = result
	}
}

func formShape(f steps.Form) *Shape {
	switch f {
	case steps.Int:
		return IntShape()
	case steps.Bool:
		return BoolShape()
	case steps.Text:
		return TextShape()
	}
	return AnyShape()
}

// typeShape is the shape of an input whose JSON Schema has this type.
func typeShape(name string) *Shape {
	switch name {
	case "integer":
		return IntShape()
	case "boolean":
		return BoolShape()
	case "string":
		return TextShape()
	case "array":
		return ListShape(AnyShape())
	}
	return AnyShape()
}

// sortedKeys gives the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// identifier reads a name that expressions can use; "" where it is none, which is reported. What names it in messages: "an id".
func (d *decoder) identifier(n *source.Node, what string) string {
	text := n.Text()
	switch {
	case n.Form() != source.Scalar || n.IsNull():
		d.r.Errorf(n, "%s must be a name, not %s", what, n.What())
	case !identifier.MatchString(text):
		d.r.Errorf(n, "%q cannot be used as %s", text, what).Hint = "a name has lower-case letters, digits and underscores, and begins with a letter" + asIdentifier(text)
	case reserved[text]:
		d.r.Errorf(n, "%q is a word of the expression language, so it cannot be used as %s", text, what).Hint = "choose another name, such as " + text + "_"
	default:
		return text
	}
	return ""
}

// asIdentifier offers the name that was likely meant.
func asIdentifier(text string) string {
	name := strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(strings.ToLower(text))
	if !identifier.MatchString(name) {
		return ""
	}
	return ": " + name
}

// title reads the name of a job or a profile; "" where it is none, which is reported.
func (d *decoder) title(n *source.Node, what string) string {
	text := n.Text()
	switch {
	case n.Form() != source.Scalar || n.IsNull():
		d.r.Errorf(n, "%s must be text, not %s", what, n.What())
	case !title.MatchString(text):
		d.r.Errorf(n, "%q cannot be used as %s", text, what).Hint = "a name has letters, digits, underscores and dashes, and begins with a letter" + asTitle(text)
	default:
		return text
	}
	return ""
}

func asTitle(text string) string {
	name := strings.ReplaceAll(text, " ", "-")
	if !title.MatchString(name) {
		return ""
	}
	return ": " + name
}
