package review

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/engine"
	"snrun/steps"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	const soap = `<s:Envelope xmlns:s="x"><s:Header><T>1</T></s:Header><s:Body><r:getResponse xmlns:r="y"><row a="1" xsi:nil="true"/><row><n>1</n></row></r:getResponse></s:Body></s:Envelope>`
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"JSON":          {`{"a":[{"b":1},{"b":null,"c d":"x"}],"e":true}`, []string{" object", "a array", "a[] object", "a[].b null,number", `a[]["c d"] string`, "e boolean"}},
		"ids for keys":  {`{"INC0010001":{"n":1},"INC0010002":{"n":"x"},"line_1":2}`, []string{" object", "* object", "*.n number,string", "line_1 number"}},
		"a list":        {`[1,[]]`, []string{" array", "[] array,number"}},
		"cut":           {`{"a":[{"b":1},{"b`, []string{" object", "a array", "a[] object", "a[].b number"}},
		"masked":        {`{"a":"***","b":***}`, []string{" object", "a masked", "b "}},
		"XML":           {soap, []string{" ", "Envelope element", "Envelope/Body element", "Envelope/Header element", "Envelope/Header/T text", "getResponse element", "getResponse/row element,null", "getResponse/row/@a text", "getResponse/row/n text"}},
		"XML that ends": {`<a><b>1</b><c>`, []string{" ", "a ", "a/b text", "a/c "}},
		"a scalar":      {` "x"`, []string{" string"}},
		"text":          {`hello`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s shape
			s.add([]byte(test.body))
			var got []string
			for _, path := range s.paths() {
				got = append(got, path+" "+strings.Join(s.nodes[path].types, ","))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"": "binary", " \n{}": "json", "\uFEFF[1]": "json", "7": "json", "<?xml?><a/>": "xml", "<!DOCTYPE HTML><p>": "html", "<HTML>": "html", "GIF\x00": "binary", "\xff\xfex\x00": "binary", "\x89PNG\r\n": "binary", "a,b": "text",
	} {
		if got := formatOf([]byte(body)); got != want {
			t.Errorf("%q is %s, want %s", body, got, want)
		}
	}
}

// FuzzCutShape holds that nothing is said to be gone, or to be of another type, because a body was cut.
func FuzzCutShape(f *testing.F) {
	f.Add(`{"a":[{"b":1},{"b":null,"c":"x"}],"e":{}}`, 20)
	f.Add(`<a x="1"><b>1</b><b><c/></b></a>`, 12)
	f.Add("000000000\xea000000000000000000000", -65)
	f.Add(`[[],[[1,"\u00e4"]],{"":[]}]`, 9)
	f.Fuzz(func(t *testing.T, body string, at int) {
		if format := formatOf([]byte(body)); format != "json" && format != "xml" || !strings.ContainsAny(body[:1], "{[<") {
			return
		}
		var whole, cut shape
		whole.add([]byte(body))
		if whole.cut > 0 {
			return
		}
		cut.add([]byte(body)[:1+(at&0xffffff)%len(body)])
		if !slices.Equal(slices.Collect(keysOf(cut.formats)), slices.Collect(keysOf(whole.formats))) {
			return // cut inside the word html
		}
		for _, c := range shapeChanges("answer", &whole, &cut) {
			n := whole.nodes[c.Path]
			byChance := c.Change == shapeGone && n.present < whole.whole(n.parent) || c.Change == shapeEmpty && n.filled < n.arrays
			if !byChance {
				t.Errorf("%q, cut at %d: %+v", body, at, c)
			}
		}
	})
}

func keysOf(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestShapesAreBounded holds that bodies of very many keys, or very deep ones, cost little, and that nothing wrong is said of them.
func TestShapesAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, `,"k%c%c%c%c":1`, 'a'+i%26, 'a'+i/26%26, 'a'+i/26/26%26, 'a'+i/26/26/26%26)
	}
	var many, few shape
	many.add([]byte("{" + b.String()[1:] + "}"))
	few.add([]byte(`{"x":1}`))
	if len(many.nodes) > mostNodes || !many.full {
		t.Errorf("%d paths are kept, full is %v", len(many.nodes), many.full)
	}
	if changes := shapeChanges("answer", &few, &many); len(changes) > most || slices.ContainsFunc(changes, func(c ShapeChange) bool { return c.Change == shapeGone }) {
		t.Errorf("%d changes: %+v", len(changes), changes[:1])
	}
	var deep shape
	deep.add([]byte(strings.Repeat("[", 1_000_000)))
	deep.add([]byte(strings.Repeat("<a>", 1_000_000)))
	if deep.cut != 2 {
		t.Errorf("of the deep ones %d are said to be cut, want 2", deep.cut)
	}
}

// TestDiffOfLargeRuns holds that runs of 10,000 items with large bodies are compared quickly, and in few words.
func TestDiffOfLargeRuns(t *testing.T) {
	t.Parallel()
	store := openTemp(t)
	body := `{"result":[` + strings.Repeat(`{"sys_id":"1","text":"`+strings.Repeat("x", 900)+`"},`, 60) + `{"sys_id":"1"}]}`
	large := func(failed bool) recorded {
		r := recorded{exchanges: map[string][]steps.Exchange{}}
		for i := range 10_000 {
			s := step(fmt.Sprintf("/each[%d]/call", i), engine.OK)
			if failed {
				s.Status = engine.Failed
				s.Error = &steps.Error{Kind: steps.Status, Message: "no"}
			}
			r.steps = append(r.steps, s)
		}
		for i := range 100 {
			r.exchanges[fmt.Sprintf("/each[%d]/call", i)] = []steps.Exchange{answered(200, strings.Replace(body, "1", fmt.Sprint(i), 1)), answered(200, body)}
		}
		return r
	}
	record(t, store, "base", large(false))
	record(t, store, "run", large(true))
	start := time.Now()
	d, err := Compare(store, "run", "base")
	must(t, err)
	if took := time.Since(start); took > time.Minute { // it is well under one, alone on a machine
		t.Errorf("it took %s", took)
	}
	if size := len(asJSON(t, d)); size > 10_000 {
		t.Errorf("it is told in %d bytes", size)
	}
	if len(d.Steps) != 1 || d.Steps[0].Run.Failed != 10_000 || d.Steps[0].Base.OK != 10_000 {
		t.Errorf("got %+v", d.Steps)
	}
}
