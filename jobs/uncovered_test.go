package jobs_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"snrun/jobs"
)

// TestUncovered holds of which steps what an earlier text of a job kept does not do for a later one.
func TestUncovered(t *testing.T) {
	t.Parallel()
	const (
		source = "in: {rest: {url: \"https://example.com/\", paginate: {type: link}}}"
		loop   = "- id: l\n  foreach: {" + source + ", steps: [{log: \"${item.x}\"}]}"
	)
	tests := []struct{ name, before, now, want string }{
		{"the same", "- a\n- log: ${steps.a.output.x}", "- a\n- log: ${steps.a.output.x}", ""},
		{"less", "- a\n- log: ${steps.a.output.x} ${steps.a.status}", "- a\n- log: ${steps.a.output.x.y}", ""},
		{"another field", "- a\n- log: ${steps.a.output.x}", "- a\n- log: ${steps.a.output.y}", "a"},
		{"a field more", "- a\n- log: ${steps.a.output.x}", "- a\n- log: ${steps.a.output.x}${steps.a.output.y}", "a"},
		{"what was kept whole", "- a\n- log: ${toJSON(steps.a.output)}", "- a\n- log: ${steps.a.output.y}", ""},
		{"its status", "- a\n- log: ${steps.a.output.x}", "- a\n- log: ${steps.a.output.x} ${steps.a.status}", "a"},
		{"what the flow knows", "- a", "- a\n- log: ${steps.a.skipped} ${steps.a.attempts}", ""},
		{"everything", "- a\n- b", "- a\n- b\n- log: ${toJSON(steps)}", "a b"},
		{"an own output", "- id: a\n  GET\n  output: ${response.body.x}\n- log: ${steps.a.output.y}", "- id: a\n  GET\n  output: ${response.body.x.z}\n- log: ${steps.a.output.other}", ""},
		{"an own output of more", "- id: a\n  GET\n  output: ${response.body.x}", "- id: a\n  GET\n  output: ${response.body.w}", "a"},
		{"a step that is new", "- a", "- a\n- b\n- log: ${steps.b.output.x}", ""},
		{"a step that is gone", "- a\n- b\n- log: ${steps.b.output.x}", "- a", ""},
		{"another kind", "- id: a\n  log: x", "- a", "a"},
		{"another kind, of a block", "- id: a\n  GET", "- id: a\n  steps: [B]", "a"},
		{"a step in another block", "- id: k\n  steps: [A]", "- id: j\n  steps: [A]\n- log: ${steps.j.output.x}", ""},
		{"the last step of a block", "- id: k\n  steps: [A, B]", "- id: k\n  steps: [A, B]\n- log: ${steps.k.output.x}", "b"},
		{"branches", "- switch: [{when: inputs.on, steps: [A]}, {steps: [B]}]\n- try: [C]\n  finally: [{log: x}]", "- id: k\n  switch: [{when: inputs.on, steps: [A]}, {steps: [B]}]\n- id: m\n  try: [C]\n  finally: [{log: x}]\n- log: ${steps.k.output.x}", ""},
		{"branches under their ids", "- id: k\n  switch: [{when: inputs.on, steps: [A]}, {steps: [B]}]", "- id: k\n  switch: [{when: inputs.on, steps: [A]}, {steps: [B]}]\n- log: ${steps.k.output.x}", "a b"},
		{"values, which are made again", "- id: s\n  set: {x: 1}", "- id: s\n  set: {x: 1}\n- log: ${steps.s.output.x}", ""},
		{"the calls in a loop", "- id: l\n  foreach: {in: LIST, steps: [A]}", "- id: l\n  foreach: {in: LIST, steps: [A]}\n- log: ${toJSON(steps.l.output)}", "a"},
		{"an item of a list, which is there whole", "- id: l\n  foreach: {in: LIST, steps: [{log: \"${item.x}\"}]}", "- id: l\n  foreach: {in: LIST, steps: [{log: \"${item.y}\"}]}", ""},
		{"an item of a source", loop, strings.ReplaceAll(loop, "item.x", "item.x.y"), ""},
		{"another field of an item of a source", loop, strings.ReplaceAll(loop, "item.x", "item.y"), "l"},
		{"the output of a loop over a source", loop, loop + "\n- log: ${toJSON(steps.l.output)}", "l"},
		{"the counts of a loop over a source", loop, loop + "\n- log: ${steps.l.total}", ""},
		{"items that are named otherwise", "- id: l\n  foreach: {in: LIST, key: \"${item.x}\", steps: [A]}", "- id: l\n  foreach: {in: LIST, key: \"${item.y}\", steps: [A]}", "l"},
		{"items that are named now", "- id: l\n  foreach: {in: LIST, steps: [A]}", "- id: l\n  foreach: {in: LIST, key: \"${item.y}\", steps: [A]}", "l"},
		{"items in other batches", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [A]}", "- id: l\n  foreach: {in: LIST, batch: 3, steps: [A]}", "l"},
		{"items that leave nothing behind, named otherwise", "- id: l\n  foreach: {in: LIST, key: \"${item.x}\", steps: [{log: x}]}", "- id: l\n  foreach: {in: LIST, key: \"${item.y}\", steps: [{log: x}]}", ""},
		{"items of a source that are named otherwise", loop, strings.Replace(loop, "foreach: {", "foreach: {key: \"${item.x}\", ", 1), "l"},
		{"a list that was a source", loop, "- id: l\n  foreach: {in: LIST, steps: [{log: \"${item.x}\"}]}", "l"},
		{"a source that was a list", "- id: l\n  foreach: {in: LIST, steps: [{log: \"${item.x}\"}]}", loop, "l"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before, now := load(t, allKinds(), "", jobOf(tt.before, "")), load(t, allKinds(), "", jobOf(tt.now, ""))
			if got := uncovered(now, before); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// uncovered names the steps, sorted.
func uncovered(now, before *jobs.Job) string {
	var names []string
	for s := range maps.Keys(now.Uncovered(before)) {
		names = append(names, s.Segment)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestUncoveredAtTheEnd holds that a step of on_failure is not taken for one of a block of that name.
func TestUncoveredAtTheEnd(t *testing.T) {
	t.Parallel()
	end := "on_failure: [{id: z, rest: {url: \"https://example.com/\"}}, {log: \"${steps.z.output.READ}\"}]\n"
	before := load(t, allKinds(), "", jobOf("- id: on_failure\n  steps: [{id: y, GET}, {log: \"${steps.y.output.x}\"}]", strings.ReplaceAll(end, "READ", "x")))
	now := load(t, allKinds(), "", jobOf("- id: on_failure\n  steps: [{id: z, GET}, {log: \"${steps.z.output.x}\"}]", strings.ReplaceAll(strings.ReplaceAll(end, "READ", "w"), "z", "y")))
	if got := uncovered(now, before); got != "" {
		t.Errorf("got %q: no step of these jobs has the place of another", got)
	}
	more := load(t, allKinds(), "", jobOf("- log: x", strings.ReplaceAll(end, "READ", "w")))
	if got := uncovered(more, before); got != "z" {
		t.Errorf("got %q, want z", got)
	}
}
