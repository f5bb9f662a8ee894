package jobs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"snrun/jobs"
)

// stepsOf gives the steps of a job at all depths, by their segments.
func stepsOf(j *jobs.Job) map[string]*jobs.Step {
	all := map[string]*jobs.Step{}
	var visit func(lists ...[]*jobs.Step)
	cases := func(list []jobs.Case) {
		for _, c := range list {
			visit(c.Steps)
		}
	}
	visit = func(lists ...[]*jobs.Step) {
		for _, s := range slices.Concat(lists...) {
			all[s.Segment] = s
			switch b := s.Body.(type) {
			case *jobs.Block:
				visit(b.Steps)
			case *jobs.Foreach:
				visit(b.Steps)
			case *jobs.Switch:
				cases(b.Cases)
			case *jobs.Try:
				visit(b.Steps, b.Finally)
				cases(b.Catch)
			}
		}
	}
	visit(j.Steps, j.OnFailure, j.OnSuccess, j.Finally)
	return all
}

// told tells for the steps that are wanted what is read of them, and for loops what is read of an item.
func told(j *jobs.Job, wanted map[string]string) map[string]string {
	all, got := stepsOf(j), map[string]string{}
	for name := range wanted {
		id, item := strings.CutSuffix(name, " item")
		switch s := all[id]; {
		case s == nil:
			got[name] = "no such step"
		case item:
			got[name] = s.Body.(*jobs.Foreach).Item.String()
		default:
			got[name] = s.Reads.String()
		}
	}
	return got
}

const get = `rest: {url: "https://example.com/"}`

// TestReads holds what is read of the results of steps. In a job `- a` is a request with the id a.
func TestReads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, steps string
		want        map[string]string
	}{
		{"nobody", "- a", map[string]string{"a": "-"}},
		{"a step without an id", "- rest: {url: \"https://example.com/\"}\n- log: x", map[string]string{"rest:1": "-"}},
		{"a field", "- a\n- log: ${steps.a.output.id}", map[string]string{"a": "output.id"}},
		{"fields", "- a\n- log: ${steps.a.output.x.y} ${steps.a.status}\n- log: ${steps.a.output.x.z}", map[string]string{"a": "output.x.y, output.x.z, status"}},
		{"a header", "- a\n- log: ${steps.a.headers[\"x-total\"]} ${steps.a.headers.etag}", map[string]string{"a": "headers.etag, headers.x-total"}},
		{"what the flow knows", "- a\n- log: ${steps.a.skipped} ${steps.a.attempts}", map[string]string{"a": "-"}},
		{"the output", "- a\n- log: ${toJSON(steps.a.output)}", map[string]string{"a": "output"}},
		{"the output and a field", "- a\n- log: ${steps.a.output.id}${toJSON(steps.a.output)}", map[string]string{"a": "output"}},
		{"the step", "- a\n- log: ${toJSON(steps.a)}", map[string]string{"a": "*"}},
		{"all steps", "- a\n- b\n- log: ${toJSON(steps)}", map[string]string{"a": "*", "b": "*"}},
		{"all steps, for one", "- a\n- b\n- log: ${steps[inputs.s].output.id}", map[string]string{"a": "*", "b": "*"}},
		{"brackets", "- a\n- log: ${steps[\"a\"][\"output\"].id}", map[string]string{"a": "output.id"}},
		{"a computed field", "- a\n- log: ${steps.a.output.x[inputs.s].y}", map[string]string{"a": "output.x"}},
		{"a computed field of the step", "- a\n- log: ${steps.a[inputs.s].y}", map[string]string{"a": "*"}},
		{"the index in brackets reads too", "- a\n- b\n- log: ${steps.a.output[steps.b.output.key]}", map[string]string{"a": "output", "b": "output.key"}},
		{"an item", "- a\n- log: ${steps.a.output.list[0].id}", map[string]string{"a": "output.list"}},
		{"an item from the end", "- a\n- log: ${steps.a.output[-1].id}", map[string]string{"a": "output"}},
		{"a slice", "- a\n- log: ${len(steps.a.output.list[1:3])}", map[string]string{"a": "output.list"}},
		{"chains", "- a\n- log: ${steps.a?.output?.x?.y ?? \"none\"}", map[string]string{"a": "output.x.y"}},
		{"a chain in brackets", "- a\n- log: ${(steps.a?.output?.x).y}", map[string]string{"a": "output.x.y"}},
		{"a chain to an item", "- a\n- log: ${steps.a.output?.[0]?.id}", map[string]string{"a": "output"}},
		{"what stands for null", "- a\n- b\n- log: ${steps.a.output.x ?? steps.b.output.y}", map[string]string{"a": "output.x", "b": "output.y"}},
		{"a field of what stands for null", "- a\n- b\n- log: ${(steps.a.output.x ?? steps.b.output).y}", map[string]string{"a": "output.x", "b": "output"}},
		{"a closure", "- a\n- log: ${toJSON(map(steps.a.output.list, .x))}", map[string]string{"a": "output.list"}},
		{"in a closure", "- a\n- b\n- log: ${toJSON(filter(steps.a.output, .id == steps.b.output.id))}", map[string]string{"a": "output", "b": "output.id"}},
		{"the step in a closure", "- a\n- log: ${toJSON(map([1], steps.a.output.x))}", map[string]string{"a": "output.x"}},
		{"a variable", "- a\n- log: ${let x = steps.a.output; x.id}", map[string]string{"a": "output"}},
		{"a variable that is a field", "- a\n- log: ${let x = steps.a.output.x; x.id}", map[string]string{"a": "output.x"}},
		{"either of two", "- a\n- b\n- log: '${(inputs.on ? steps.a : steps.b).output.id}'", map[string]string{"a": "*", "b": "*"}},
		{"either of two fields", "- a\n- b\n- log: '${inputs.on ? steps.a.output.x : steps.b.output.y}'", map[string]string{"a": "output.x", "b": "output.y"}},
		{"a pipe", "- a\n- log: ${steps.a.output | toJSON()}", map[string]string{"a": "output"}},
		{"a list of steps", "- a\n- b\n- log: ${[steps.a, steps.b][0].output.id}", map[string]string{"a": "*", "b": "*"}},
		{"a map of steps", "- a\n- log: \"${{x: steps.a.output}.x.id}\"", map[string]string{"a": "output"}},
		{"in", "- a\n- log: ${\"k\" in steps.a.output.m}", map[string]string{"a": "output.m"}},
		{"equality", "- a\n- if: steps.a.output == nil\n  log: x", map[string]string{"a": "output"}},
		{"a condition", "- a\n- if: steps.a.output.n > 1\n  log: x", map[string]string{"a": "output.n"}},
		{"deep in data", "- a\n- set: {x: [{y: \"${steps.a.output.z}\"}]}", map[string]string{"a": "output.z"}},
		{"in a request", "- a\n- rest: {url: \"https://example.com/${steps.a.output.id}\", query: {q: \"${steps.a.output.q}\", l: [\"${steps.a.status}\"]}, method: POST, json: {j: {k: \"${steps.a.output.j}\"}}, headers: {h: \"${steps.a.headers.etag}\"}}",
			map[string]string{"a": "headers.etag, output.id, output.j, output.q, status"}},
		{"in what a request asks of its answer", "- a\n- rest: {url: \"https://example.com/\", expect: [response.body.id == steps.a.output.id], paginate: {type: link, stop_when: steps.a.output.stop == true, items: \"${steps.a.output.all ? response.body.x : []}\"}}",
			map[string]string{"a": "output.all, output.id, output.stop"}},
		{"in a retry", "- a\n- rest: {url: \"https://example.com/\"}\n  retry: {when: error.status == steps.a.output.busy}", map[string]string{"a": "output.busy", "rest:2": "-"}},

		{"an own output", "- id: a\n  GET\n  output: ${response.body.result}", map[string]string{"a": "output.result"}},
		{"an own output that reads everything", "- id: a\n  GET\n  output: ${toJSON(response)}", map[string]string{"a": "*"}},
		{"an own output that reads the body", "- id: a\n  GET\n  output: ${response.body}", map[string]string{"a": "output"}},
		{"an own output of a constant", "- id: a\n  GET\n  output: 5\n- log: ${steps.a.output}", map[string]string{"a": "-"}},
		{"an own output of other things", "- id: a\n  GET\n  output: {s: \"${response.status}\", e: \"${response.headers.etag}\"}", map[string]string{"a": "headers.etag, status"}},
		{"an own output by the step's name", "- id: a\n  GET\n  output: ${steps.a.output.result}", map[string]string{"a": "output.result"}},
		{"an own output read later", "- id: a\n  GET\n  output: ${response.body.result}\n- log: ${steps.a.output.id} ${steps.a.status}", map[string]string{"a": "output.result, status"}},
		{"an own output read later with the step", "- id: a\n  GET\n  output: ${response.body.result}\n- log: ${toJSON(steps.a)}", map[string]string{"a": "*"}},
		{"an own output of another step", "- a\n- id: b\n  GET\n  output: ${steps.a.output.x}", map[string]string{"a": "output.x", "b": "-"}},
		{"an own output without an id", "- GET\n  output: ${response.body.x}", map[string]string{"rest:1": "output.x"}},

		{"a block", "- id: k\n  steps: [A, B]\n- log: ${steps.k.output.id}", map[string]string{"k": "output.id", "a": "-", "b": "output.id"}},
		{"a block that nobody reads", "- id: k\n  steps: [A, B]", map[string]string{"k": "-", "a": "-", "b": "-"}},
		{"a block in a block", "- id: k\n  steps: [A, {steps: [B]}]\n- log: ${steps.k.output.id}", map[string]string{"a": "-", "b": "output.id"}},
		{"a block with an own output", "- id: k\n  steps: [A, B]\n  output: ${steps.k.output.x}\n- log: ${steps.k.output.id}", map[string]string{"b": "output.x"}},
		{"a block with an output of its own that reads nothing", "- id: k\n  steps: [A, B]\n  output: 1\n- log: ${steps.k.output}", map[string]string{"b": "-"}},
		{"a block whose last output is a log's", "- id: k\n  steps: [A, {log: x}]\n- log: ${steps.k.output}", map[string]string{"a": "-"}},
		{"a block's last step read inside too", "- id: k\n  steps: [A, {id: l, steps: [B], output: \"${steps.a.output.y}\"}]\n- log: ${steps.k.output.x}", map[string]string{"a": "output.y", "b": "-"}},
		{"the block as a whole", "- id: k\n  steps: [A]\n- log: ${toJSON(steps.k)}", map[string]string{"k": "*", "a": "output"}},
		{"a switch", "- id: k\n  switch: [{when: inputs.on, steps: [A]}, {steps: [{log: x}, B]}]\n- log: ${steps.k.output.id}", map[string]string{"a": "output.id", "b": "output.id"}},
		{"a try", "- id: k\n  try: [A]\n  catch: [{steps: [B]}]\n  finally: [C]\n- log: ${steps.k.output.id}", map[string]string{"a": "output.id", "b": "output.id", "c": "-"}},
		{"a catch", "- a\n- try: [B]\n  catch: [{when: error.status == steps.a.output.x, steps: [{log: \"${steps.a.output.y}\"}]}]", map[string]string{"a": "output.x, output.y", "b": "-"}},

		{"a loop's last output", "- id: l\n  foreach: {in: LIST, steps: [A, B]}\n- log: ${toJSON(steps.l.output)}", map[string]string{"a": "-", "b": "output", "l": "output"}},
		{"an item of a loop's output", "- id: l\n  foreach: {in: LIST, steps: [A, B]}\n- log: ${steps.l.output[0].id}", map[string]string{"b": "output"}},
		{"a field of a loop's output", "- id: k\n  switch: [{steps: [{foreach: {in: LIST, steps: [A]}}]}]\n- log: ${steps.k.output.id}", map[string]string{"k": "output.id", "a": "output"}},
		{"a loop's counts", "- id: l\n  foreach: {in: LIST, steps: [A]}\n- log: ${steps.l.total} ${steps.l.failed}", map[string]string{"a": "-", "l": "-"}},
		{"a loop that collects", "- id: l\n  foreach: {in: LIST, steps: [A, B], collect: \"${steps.a.output.id}\"}\n- log: ${toJSON(steps.l.output)}", map[string]string{"a": "output.id", "b": "-"}},
		{"a loop that collects for nobody", "- id: l\n  foreach: {in: LIST, steps: [A], collect: \"${steps.a.output.id}\"}", map[string]string{"a": "output.id"}},
		{"what a loop goes over", "- a\n- foreach: {in: \"${steps.a.output.list}\", concurrency: \"${steps.a.output.n}\", key: \"${steps.a.output.k}\", steps: [{log: x}]}", map[string]string{"a": "output.k, output.list, output.n"}},
		{"a loop inside a block that is read", "- id: k\n  steps: [{foreach: {in: LIST, steps: [A]}}]\n- log: ${steps.k.output[0]}", map[string]string{"a": "output"}},

		{"a walk is a list", "- id: a\n  rest: {url: \"https://example.com/\", paginate: {type: link}}\n- log: ${steps.a.output[0].id} ${steps.a.status}", map[string]string{"a": "output, status"}},
		{"a walk that is read as what it is not", "- id: a\n  rest: {url: \"https://example.com/\", paginate: {type: link}}\n- log: ${steps.a.output.id}", map[string]string{"a": "output"}},
		{"a walk that nobody reads", "- id: a\n  rest: {url: \"https://example.com/\", paginate: {type: link}}", map[string]string{"a": "-"}},

		{"an item's field", "- id: l\n  foreach: {in: LIST, steps: [{log: \"${item.name}\"}]}", map[string]string{"l item": "name"}},
		{"an item in key, collect, and deep", "- id: l\n  foreach: {in: LIST, as: r, key: \"${r.k}\", collect: \"${r.c}\", steps: [{steps: [{if: r.i == 1, log: \"${r.x.y}\"}]}, {switch: [{when: r.w == 1, steps: [{set: {s: \"${r.s}\"}}]}]}]}", map[string]string{"l item": "c, i, k, s, w, x.y"}},
		{"an item whole", "- id: l\n  foreach: {in: LIST, steps: [{set: {x: \"${item}\"}}]}", map[string]string{"l item": "*"}},
		{"an item that nobody reads", "- id: l\n  foreach: {in: LIST, index: i, steps: [{log: \"${i}\"}]}", map[string]string{"l item": "-"}},
		{"a batch that nobody reads", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: x}]}", map[string]string{"l item": "-"}},
		{"the length of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${len(item)} ${item | len()}\"}]}", map[string]string{"l item": "-"}},
		{"an item of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${item[0].id} ${item[-1]?.a.b[0].c} ${item[len(inputs.s)].list[1].x}\"}]}", map[string]string{"l item": "a.b, id, list"}},
		{"the ends of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${last(item).id} ${(item | first())?.a?.b ?? 1} ${first(item).list[0].x}\"}]}", map[string]string{"l item": "a.b, id, list"}},
		{"an item of a batch, whole", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${item[0]}\"}}]}", map[string]string{"l item": "*"}},
		{"the last of a batch, whole", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${last(item)}\"}}]}", map[string]string{"l item": "*"}},
		{"a computed field in a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${item[0][inputs.s]}\"}]}", map[string]string{"l item": "*"}},
		{"each of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${map(item, .id)}\", y: \"${map(item, [#.a?.b, #index])}\", z: \"${all(item, .t > 1)}\", s: \"${sum(item, .n)}\"}}]}", map[string]string{"l item": "a.b, id, n, t"}},
		{"each of a batch, whole", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${map(item, #)}\"}}]}", map[string]string{"l item": "*"}},
		{"each of a batch and its fields", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${map(item, [.id, #])}\"}}]}", map[string]string{"l item": "*"}},
		{"each of a batch with a list in it", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${map(item, filter(.list, # > 1))}\"}}]}", map[string]string{"l item": "*"}},
		{"each of a batch with another", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${map(item, [.id, last(item).z])}\"}}]}", map[string]string{"l item": "id, z"}},
		{"each of a batch with all", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${map(item, [.id, item])}\"}}]}", map[string]string{"l item": "*"}},
		{"some of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{set: {x: \"${filter(item, .id > 1)}\"}}]}", map[string]string{"l item": "*"}},
		{"a part of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${len(item[1:])}\"}]}", map[string]string{"l item": "*"}},
		{"a batch as a variable", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${let x = item; last(x).id}\"}]}", map[string]string{"l item": "*"}},
		{"a batch in text", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{log: \"${toJSON(item)} ${last(item).id}\"}]}", map[string]string{"l item": "*"}},
		{"a loop over a batch", "- id: l\n  foreach: {in: LIST, batch: 2, as: page, steps: [{id: m, foreach: {in: \"${ page }\", key: \"${item.k}\", steps: [{log: \"${item.n}\"}]}}, {log: \"${last(page).id}\"}]}", map[string]string{"l item": "id, k, n", "m item": "k, n"}},
		{"batches of a batch", "- id: l\n  foreach: {in: LIST, batch: 4, as: page, steps: [{id: m, foreach: {in: \"${page}\", batch: 2, steps: [{log: \"${item[0].n}\"}]}}]}", map[string]string{"l item": "n", "m item": "n"}},
		{"a loop over a batch, whole", "- id: l\n  foreach: {in: LIST, batch: 2, as: page, steps: [{id: m, foreach: {in: \"${page}\", steps: [{set: {x: \"${item}\"}}]}}]}", map[string]string{"l item": "*", "m item": "*"}},
		{"a loop over what is made of a batch", "- id: l\n  foreach: {in: LIST, batch: 2, as: page, steps: [{foreach: {in: \"${page ?? []}\", steps: [{log: \"${item.n}\"}]}}]}", map[string]string{"l item": "*"}},
		{"a batch in a loop of that name", "- id: l\n  foreach: {in: LIST, batch: 2, steps: [{id: m, foreach: {in: \"${item}\", steps: [{log: \"${item.n}\"}]}}]}", map[string]string{"l item": "n", "m item": "n"}},
		{"items by name", "- id: l\n  foreach: {in: LIST, as: a1, steps: [{id: m, foreach: {in: \"${a1.list}\", as: b1, steps: [{log: \"${a1.x}${b1.y}\"}]}}]}", map[string]string{"l item": "list, x", "m item": "y"}},
		{"an item that hides another", "- id: l\n  foreach: {in: LIST, key: \"${item.k}\", steps: [{id: m, foreach: {in: \"${item.list}\", concurrency: \"${item.n}\", key: \"${item.inner}\", steps: [{log: \"${item.y}\"}]}}, {log: \"${item.z}\"}]}",
			map[string]string{"l item": "k, list, n, z", "m item": "inner, y"}},
		{"one loop after another", "- id: l\n  foreach: {in: LIST, steps: [{log: \"${item.x}\"}]}\n- id: m\n  foreach: {in: LIST, steps: [{log: \"${item.y}\"}]}", map[string]string{"l item": "x", "m item": "y"}},
		{"an item in a request", "- id: l\n  foreach: {in: LIST, steps: [{id: a, rest: {url: \"https://example.com/${item.id}\", expect: response.body.v == item.v}, retry: {when: item.again}, output: \"${item.o}\"}]}", map[string]string{"l item": "again, id, o, v", "a": "-"}},
		{"a source", "- id: l\n  foreach: {in: {rest: {url: \"https://example.com/${inputs.s}\", paginate: {type: link}}}, key: \"${item.k}\", steps: [{log: \"${item.n.first}\"}]}", map[string]string{"l item": "k, n.first"}},
		{"a source by page", "- id: l\n  foreach: {in: {rest: {url: \"https://example.com/\", paginate: {type: link}}}, batch: page, key: \"${item[0].id}\", steps: [{log: \"${len(item)}\"}]}", map[string]string{"l item": "id"}},
		{"a source that reads a step", "- a\n- foreach: {in: {rest: {url: \"https://example.com/${steps.a.output.path}\", paginate: {type: link, stop_when: steps.a.output.stop}}}, steps: [{log: x}]}", map[string]string{"a": "output.path, output.stop"}},
		{"a secret beside it", "- a\n- rest: {url: \"https://example.com/\", headers: {h: \"${secret.KEY}${steps.a.output.id}\"}}", map[string]string{"a": "output.id"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := load(t, allKinds(), "", jobOf(tt.steps, ""))
			if got := told(j, tt.want); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// jobOf writes out the short forms of a test's steps: `- a` is a request with the id a, A one in a flow list.
func jobOf(list, end string) string {
	const head = "version: 1\ninputs: {s: {type: string, default: x}, on: {type: boolean, default: true}, l: {type: array, default: []}}\nsteps:\n"
	lines := strings.Split(list, "\n")
	for i, line := range lines {
		if id, found := strings.CutPrefix(line, "- "); found && len(id) == 1 {
			lines[i] = fmt.Sprintf("- {id: %s, %s}", id, get)
		}
	}
	text := strings.ReplaceAll("  "+strings.Join(lines, "\n  "), "GET", get)
	text = strings.ReplaceAll(text, "LIST", `"${inputs.l}"`)
	for _, id := range []string{"A", "B", "C"} {
		for _, place := range []string{"[%s]", "[%s, ", ", %s]", " %s]"} {
			short := fmt.Sprintf(place, id)
			text = strings.ReplaceAll(text, short, strings.Replace(short, id, fmt.Sprintf("{id: %s, %s}", strings.ToLower(id), get), 1))
		}
	}
	return head + text + "\n" + end
}

// TestReadsAtTheEnd holds that what follows the steps of a job reads them too.
func TestReadsAtTheEnd(t *testing.T) {
	t.Parallel()
	j := load(t, allKinds(), "", jobOf("- a\n- b\n- c", `output: {o: "${steps.a.output.o}", last: "${steps.c.output.id}"}
on_failure: [{log: "${steps.a.output.f}"}, {id: d, rest: {url: "https://example.com/"}}, {log: "${steps.d.output.x}"}]
on_success: [{log: "${steps.a.output.s}"}]
finally: [{id: e, rest: {url: "https://example.com/"}}, {if: steps.b.status == 200, steps: [{log: "${steps.a.output.z}"}]}]
`))
	want := map[string]string{"a": "output.f, output.o, output.s, output.z", "b": "status", "c": "output.id", "d": "output.x", "e": "-"}
	if got := told(j, want); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestReadsOfAResponse holds what the expressions that a kind evaluates itself say of `response`.
func TestReadsOfAResponse(t *testing.T) {
	t.Parallel()
	tests := []struct{ late, want string }{
		{"${response.body.result}", "body.result"},
		{"${response.body?.meta?.next}", "body.meta.next"},
		{"${response.body.a ?? response.headers.link}", "body.a, headers.link"},
		{"${response.body[0].id}", "body"},
		{"${filter(response.body.list, .x == response.status)}", "body.list, status"},
		{"${toJSON(response)}", "*"},
		{"${inputs.s}", "-"},
		{"constant", "-"},
		{"a ${response.body.x} and ${response.body.y}", "body.x, body.y"},
	}
	for _, tt := range tests {
		j := load(t, probeKinds(), "", fmt.Sprintf("version: 1\ninputs: {s: {default: 1}}\nsteps: [{probe: {late: %q}}]\n", tt.late))
		if got := inputOf(t, j, given()).Late("late").Reads.String(); got != tt.want {
			t.Errorf("%s reads %s, want %s", tt.late, got, tt.want)
		}
	}
	j := load(t, probeKinds(), "", "version: 1\nsteps: [{probe: {condition: response.body.ok && response.status == 200}}]\n")
	if got := inputOf(t, j, given()).Late("condition").Reads.String(); got != "body.ok, status" {
		t.Errorf("the condition reads %s", got)
	}
}

// TestActs holds which loops leave something behind for each item.
func TestActs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		steps string
		want  bool
	}{
		{"[{log: x}]", false},
		{"[{set: {x: 1}}, {fail: no}]", false},
		{"[A]", true},
		{"[{save: {s: 1}}]", true},
		{"[{steps: [{log: x}]}]", false},
		{"[{log: x}, {steps: [{switch: [{when: inputs.on, steps: [{log: x}]}, {steps: [A]}]}]}]", true},
		{"[{try: [{log: x}], catch: [{steps: [{save: {s: 1}}]}]}]", true},
		{"[{try: [{log: x}], finally: [A]}]", true},
		{"[{foreach: {in: LIST, as: j, steps: [{log: x}]}}]", false},
		{"[{foreach: {in: LIST, as: j, steps: [A]}}]", true},
		{"[{foreach: {in: {rest: {url: \"https://example.com/\", paginate: {type: link}}}, as: j, steps: [{log: x}]}}]", true},
	}
	for _, tt := range tests {
		j := load(t, allKinds(), "", jobOf("- id: l\n  foreach: {in: LIST, steps: "+tt.steps+"}", "state: {s: {initial: 0}}\n"))
		if got := j.Steps[0].Body.(*jobs.Foreach).Acts; got != tt.want {
			t.Errorf("%s acts: %t, want %t", tt.steps, got, tt.want)
		}
	}
}
