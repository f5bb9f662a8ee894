package jobs

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"snrun/jobs/source"
	"snrun/steps"
)

// guesses makes expressions over x and y, and values for them, by chance: the same for the same seed.
type guesses struct{ *rand.Rand }

func (g guesses) of(forms ...string) string { return forms[g.IntN(len(forms))] }

// expr gives an expression. In its forms V is another one, F a field.
func (g guesses) expr(depth int) string {
	if depth == 0 {
		return g.of("x", "y", "x.F", "y.F", "x?.F", "x.F.F", `x["F"]`)
	}
	form := g.of(
		"V.F", "V.F", "V.F", "V?.F", "V?.F?.F", "(V?.F).F", `V["F"]`, "V[0]", "V?.[0]", "V[1:]", "V[V]", "V ?? V", "(V ?? V).F",
		"(len(toJSON(V)) > 9 ? V : V).F", "map(V, .F)", "map(V, V)", "filter(V, .F == V)", "let q = V; q.F", "len(V)", "toJSON(V)",
		"V | toJSON()", "[V, V][1]", "{k: V}.k.F", `{"F": V}`, "V == V", `"F" in V`, "keys(V)", "first(V)", "reduce(V, #acc ?? V, V)", "V != nil && V.F == V",
	)
	var b strings.Builder
	for _, c := range form {
		switch c {
		case 'V':
			b.WriteString("(" + g.expr(depth-1) + ")")
		case 'F':
			b.WriteString(g.of("a", "b", "c"))
		default:
			b.WriteRune(c)
		}
	}
	return strings.NewReplacer("(x)", "x", "(y)", "y").Replace(b.String())
}

func (g guesses) value(depth int) any {
	kind := g.IntN(8)
	switch {
	case kind == 0:
		return nil
	case depth == 0 || kind == 1:
		return []any{"text", 1, true, "a"}[g.IntN(4)]
	case kind == 2:
		return []any{g.value(depth - 1), g.value(depth - 1)}
	}
	m := map[string]any{}
	for _, field := range []string{"a", "b", "c"} {
		if g.IntN(4) > 0 {
			m[field] = g.value(depth - 1)
		}
	}
	return m
}

// sameOnProjection evaluates an expression on values and on what it reads of them: both must give the same. It says
// whether something was left out, and whether there was a value.
func sameOnProjection(t *testing.T, e *Expr, names map[string]any) (less, good bool) {
	t.Helper()
	projected := map[string]any{}
	for _, name := range e.Uses().Names() {
		projected[name] = steps.Project(names[name], e.Uses().Reads(name))
	}
	want, wantErr := e.Eval(names)
	got, gotErr := e.Eval(projected)
	if !reflect.DeepEqual(got, want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
		t.Fatalf("%s reads %v.\nOn %v it gives %v, %v,\non %v it gives %v, %v", e.Source(), e.Uses().reads, names, want, wantErr, projected, got, gotErr)
	}
	for name := range projected {
		less = less || !reflect.DeepEqual(projected[name], names[name])
	}
	return less, wantErr == nil
}

func anyScope() *Scope { return NewScope().With("x", AnyShape()).With("y", AnyShape()) }

// TestReadsAreEnough holds that an expression gives the same on what it reads as on everything.
func TestReadsAreEnough(t *testing.T) {
	t.Parallel()
	compiled, telling := 0, 0
	for seed := range uint64(3000) {
		g := guesses{rand.New(rand.NewPCG(seed, 4))}
		text := g.expr(1 + g.IntN(3))
		r := &source.Report{}
		e := CompileExpr(scalarNode(t, text, r), 0, text, anyScope(), r)
		if e == nil {
			continue
		}
		compiled++
		for range 8 {
			if less, good := sameOnProjection(t, e, map[string]any{"x": g.value(3), "y": g.value(2)}); less && good {
				telling++
			}
		}
	}
	if compiled < 2000 || telling < 1000 {
		t.Errorf("only %d expressions could be compiled, and %d evaluations told something", compiled, telling)
	}
}

// FuzzReads holds the same for whatever is an expression.
func FuzzReads(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(guesses{rand.New(rand.NewPCG(seed, 5))}.expr(2), seed)
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if strings.ContainsAny(text, "\n\r\t") {
			return
		}
		r := &source.Report{}
		root := source.Parse("job.yaml", []byte("x: |-\n  "+text), r)
		if root == nil || root.Form() != source.Mapping || len(root.Entries(r)) != 1 {
			return
		}
		e := CompileExpr(root.Entries(r)[0].Value, 0, text, anyScope(), r)
		if e == nil {
			return
		}
		g := guesses{rand.New(rand.NewPCG(seed, 6))}
		sameOnProjection(t, e, map[string]any{"x": g.value(3), "y": g.value(2)})
	})
}
