package jobs

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"snrun/jobs/source"
)

// What is read without expr's parser is as if expr had read it. Brackets around a path make it expr's.
func TestPlainPathsAreReadAsExprReadsThem(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x", "x.text", "x.map.b", "x.list.b", "x.null.b", "x.nothing.b", "x.text.length", "env", "env.NOTHING", "env.A_1.b", " x.text ", "x.Text",
		"steps.a.output", "steps.a.output.deep.er", "steps.a.status", "steps.b.output", "steps.b.skipped", "steps", "secret", "secret.TOKEN", "secret.T.x", "inputs.tags", "inputs.name",
		"x.in", "x.not", "x.nil", "x.true", "x.let", "x.if", "x.else", "x.or", "x.matches", "x.startsWith", "in", "null", "true.x", "x.1", "1.x", "x..y", ".x", "x .text", "x.grün", "inputs.nme", "inputs.name.x", "steps.c", "steps.alert.output", "item", "item.a", "nobody", "len", "$env.x",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var heard, heardByExpr [][]string
			plain, r := compileHeard(t, text, &heard)
			byExpr, rExpr := compileHeard(t, "("+text+")", &heardByExpr)
			if got, want := messages(r), messages(rExpr); plain == nil != (byExpr == nil) || plain == nil && !slices.Equal(got, want) {
				t.Fatalf("mistakes %q, expr says %q", got, want)
			}
			if plain == nil {
				return
			}
			if !reflect.DeepEqual(plain.uses, byExpr.uses) || !reflect.DeepEqual(heard, heardByExpr) {
				t.Errorf("reads %v, heard %v; by expr %v, %v", plain.uses, heard, byExpr.uses, heardByExpr)
			}
			if plain.shape.types != byExpr.shape.types || plain.shape.Secret() != byExpr.shape.Secret() {
				t.Errorf("shape %s, secret %t; by expr %s, %t", plain.shape.What(), plain.shape.Secret(), byExpr.shape.What(), byExpr.shape.Secret())
			}
			sameValue(t, plain, byExpr)
		})
	}
}

// compileHeard compiles a text, and gathers what is heard of the reading below `steps`.
func compileHeard(t *testing.T, text string, heard *[][]string) (*Expr, *source.Report) {
	t.Helper()
	r := &source.Report{}
	scope := testScope()
	ids, _ := scope.lookup("steps")
	scope = scope.With("steps", ids.HeardBy(func(path []string) { *heard = append(*heard, path) }))
	return CompileExpr(scalarNode(t, text, r), 0, text, scope, r), r
}

func messages(r *source.Report) []string {
	var list []string
	for _, e := range r.All() {
		list = append(list, e.Message+"; "+e.Hint)
	}
	return list
}

// sameValue holds that two expressions give the same, or fail with the same words.
func sameValue(t *testing.T, plain, byExpr *Expr) {
	t.Helper()
	got, err := plain.Eval(testNames())
	want, errExpr := byExpr.Eval(testNames())
	if !reflect.DeepEqual(got, want) {
		t.Errorf("value %v, expr gives %v", got, want)
	}
	switch {
	case (err == nil) != (errExpr == nil):
		t.Errorf("error %v, expr's %v", err, errExpr)
	case err != nil && withoutPlace(err.Error()) != withoutPlace(errExpr.Error()):
		t.Errorf("error %q, expr's %q", err, errExpr)
	}
}

// withoutPlace is a message without its file, line and column.
func withoutPlace(message string) string {
	_, text, _ := strings.Cut(message, ": ")
	return text
}
