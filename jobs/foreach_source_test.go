package jobs_test

import (
	"errors"
	"path/filepath"
	"testing"

	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
)

// TestSources holds what becomes of a request in place of a list.
func TestSources(t *testing.T) {
	t.Parallel()
	const profiles = "version: 1\nprofiles:\n  api: {base_url: \"https://api.example.com\", retry: 7}\n"
	j := load(t, allKinds(), profiles, `version: 1
inputs: {s: {type: string, default: x}}
steps:
  - id: outer
    foreach:
      in: [{path: /b}]
      as: place
      steps:
        - id: inner
          foreach:
            in:
              rest: {profile: api, path: "${place.path}", paginate: {type: link, items: "${response.body.list}"}}
            batch: page
            tolerate: 5%
            steps: [{log: "${len(item)}"}]
        - foreach:
            in: {rest: {profile: api, path: /, paginate: {type: link}}}
            batch: 200
            steps: [{log: x}]
`)
	inside := j.Steps[0].Body.(*jobs.Foreach).Steps
	loop := inside[0].Body.(*jobs.Foreach)
	if loop.In != nil || !loop.ByPage || loop.Batch != 0 || loop.Tolerate.Percent != 5 || !loop.Item.None() {
		t.Errorf("got the loop %+v", loop)
	}
	from := loop.Source
	if from.Kind.Name != "rest" || from.Segment != "in" || from.ID != "" || from.Pos.Line != 12 || from.Retry != nil {
		t.Errorf("got the source %+v", from)
	}
	if got := from.Reads.String(); got != "output" {
		t.Errorf("of a page %s is read, want its items", got)
	}
	call := from.Body.(*jobs.Call)
	in, err := call.Input(map[string]any{"place": map[string]any{"path": "/b"}})
	if err != nil {
		t.Fatal(err)
	}
	if in.Text("path") != "/b" || in.Text("base_url") != "https://api.example.com" || call.Policy(from).Attempts != 7 {
		t.Errorf("the source asks for %v, %d times", in, call.Policy(from).Attempts)
	}
	if got := in.Object("paginate").Late("items").Reads.String(); got != "body.list" {
		t.Errorf("the items of a page are %s", got)
	}
	if got := j.Steps[0].Body.(*jobs.Foreach).Item.String(); got != "path" {
		t.Errorf("of an item of the outer loop %s is read", got)
	}
	if other := inside[1].Body.(*jobs.Foreach); other.ByPage || other.Batch != 200 || other.Source == nil {
		t.Errorf("got the loop %+v", other)
	}
}

// TestMapsThatLookLikeSources holds which maps are gone over as they are.
func TestMapsThatLookLikeSources(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`{set: {a: 1}}`, `{a: {rest: {}}}`, `{rest: 1, soap: 2}`, `{rest: 1, id: 2}`, `{rest: {x: 1}, other: {x: 2}}`, `{retry: 5, id: a}`} {
		j := load(t, allKinds(), "", "version: 1\nsteps: [{foreach: {in: "+in+", steps: [{log: \"${item.key}\"}]}}]\n")
		if loop := j.Steps[0].Body.(*jobs.Foreach); loop.Source != nil || loop.In == nil {
			t.Errorf("%s is taken for a request", in)
		}
	}
}

// TestSourceOfAnotherKind holds that two requests in place of a list are a mistake, and that a kind without pages says so.
func TestSourceOfAnotherKind(t *testing.T) {
	t.Parallel()
	other := &steps.Kind{
		Name: "fetch", Run: noRun, Gives: []steps.Result{{Name: "output"}},
		Takes: steps.ObjectOf(steps.Field{Name: "from", Type: steps.Of(steps.Text)}),
	}
	kinds := steps.NewSet(append(jobs.Kinds(), probe(), other)...)
	tests := []struct{ in, want, hint string }{
		{`{fetch: {from: a}}`, "a loop over a request reads it page by page, and this one has no pages",
			"make the fetch a step before the loop, and go over its output; where the server gives parts of a list only, ask for one after the other in a `repeat` with `carry`"},
		{`{fetch: {from: a}, probe: {text: b}}`, "a loop goes over one request, and this has two: fetch and probe", "make two loops of it"},
	}
	for _, tt := range tests {
		p := projectOf(t, kinds, map[string]string{"jobs/job.yaml": "version: 1\nsteps: [{foreach: {in: " + tt.in + ", steps: [{log: x}]}}]\n"})
		_, err := p.Load(filepath.Join(p.Dir, "jobs", "job.yaml"))
		var mistakes source.Errors
		if !errors.As(err, &mistakes) || mistakes[0].Message != tt.want || mistakes[0].Hint != tt.hint {
			t.Errorf("%s: got %v, want %s", tt.in, err, tt.want)
		}
	}
}
