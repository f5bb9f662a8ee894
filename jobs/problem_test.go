package jobs_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
)

// teller is a kind that finds a mistake at each path that stands under `at`; "key:" before a path means the key itself.
func teller(heard func(in steps.Input, dir string)) *steps.Kind {
	return &steps.Kind{
		Name: "tell", Run: noRun, Gives: []steps.Result{{Name: "output"}},
		Takes: steps.ObjectOf(
			steps.Field{Name: "params", Type: steps.Of(steps.Tree)},
			steps.Field{Name: "profile", Type: steps.Of(steps.Profile), Static: true},
			steps.Field{Name: "history", FromProfile: true, Type: steps.ObjectOf(steps.Field{Name: "redact", Type: steps.ListOf(steps.Of(steps.Text))})},
			steps.Field{Name: "at", Type: steps.ListOf(steps.Of(steps.Text)), Static: true}),
		Check: func(in steps.Input, dir string) []steps.Problem {
			if heard != nil {
				heard(in, dir)
			}
			return problemsAt(in.List("at")...)
		},
	}
}

func problemsAt(paths ...any) []steps.Problem {
	var all []steps.Problem
	for _, path := range paths {
		text, key := strings.CutPrefix(path.(string), "key:")
		all = append(all, steps.Problem{Path: text, Key: key, Message: "is wrong"})
	}
	return all
}

func tellers(heard func(in steps.Input, dir string)) steps.Set {
	return steps.NewSet(append(jobs.Kinds(), teller(heard))...)
}

// TestKnownTree holds what a kind sees before a run of a tree with expressions in it, and of its project.
func TestKnownTree(t *testing.T) {
	t.Parallel()
	unknown := steps.Unknown{}
	for written, want := range map[string]any{
		`"${inputs.n}"`:               unknown,
		`{b: 007, a: "${inputs.n}"}`:  steps.Pairs{{Key: "b", Value: steps.Scalar{Value: 7, Text: "007"}}, {Key: "a", Value: unknown}},
		`[x, "n=${inputs.n}", ~]`:     []any{"x", unknown, nil},
		`{a: {c: ["${inputs.n}"]}}`:   steps.Pairs{{Key: "a", Value: steps.Pairs{{Key: "c", Value: []any{unknown}}}}},
		`["${1 + 2}", "${inputs.n}"]`: []any{3, unknown},
		`{z: 1.50}`:                   steps.Pairs{{Key: "z", Value: steps.Scalar{Value: 1.5, Text: "1.50"}}},
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			var got any
			var at string
			p := projectOf(t, tellers(func(in steps.Input, dir string) { got, at = in["params"], dir }),
				map[string]string{"jobs/job.yaml": valueInputs + "steps: [{tell: {params: " + written + "}}]\n"})
			if _, err := p.Load("job"); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
			if at != p.Dir {
				t.Errorf("the folder is %q, want the project's, %q", at, p.Dir)
			}
		})
	}
}

// TestPlacesOfProblems holds where the mistakes that a kind finds are shown.
func TestPlacesOfProblems(t *testing.T) {
	t.Parallel()
	const job = `version: 1
steps:
  - tell:
      profile: p
      params:
        order: {qty: 1, line: [{no: 1}, {no: 2}]}
        my.element: {a: 1}
        my: {element: {b: 1}}
        inc:getRecords: {__limit: 5}
        "{urn:x.y}any[1]": [[1, 2], 3]
        "": x
      at: [%s]
`
	for path, want := range map[string]string{
		"params.order.qty":                "6:22",
		"key:params.order.qty":            "6:17",
		"params.order.line[1].no":         "6:46",
		"params.order.line[1]":            "6:41",
		"key:params.order.line[1]":        "6:41", // an item has no key
		"params.order.line[2].no":         "6:31", // there is none: the list
		"key:params.order.line[2].no":     "6:31",
		"params.order.line[-1]":           "6:31",
		"params.order.line[x]":            "6:31",
		"params.order.line[0":             "6:31",
		"params.my.element.a":             "7:25",
		"params.my.element.b":             "8:27", // not below the longer key
		"params.my.element.c":             "7:21", // below neither
		"params.inc:getRecords.__limit":   "9:35",
		"key:params.inc:getRecords":       "9:9",
		"params.{urn:x.y}any[1][0][1]":    "10:33",
		"params.{urn:x.y}any[1][1]":       "10:37",
		"params.nothing":                  "6:9", // the mapping
		"":                                "4:7",
		"nothing":                         "4:7",
		"history.redact[1]":               "4:44", // in the profiles
		"key:params.order.line[0].no.way": "6:37",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			p := projectOf(t, tellers(nil), map[string]string{
				"profiles.yaml": "version: 1\nprofiles:\n  p: {base_url: \"https://a.example.com\",\n      history: {bodies: 1KB, redact: [$.a, $.bcdefghijk, $.c]}}\n",
				"jobs/job.yaml": fmt.Sprintf(job, "'"+path+"'"),
			})
			_, err := p.Load("job")
			var mistakes source.Errors
			if !errors.As(err, &mistakes) || len(mistakes) != 1 {
				t.Fatalf("got %v, want one mistake", err)
			}
			if got := fmt.Sprintf("%d:%d", mistakes[0].Line, mistakes[0].Column); got != want {
				t.Errorf("got %s, want %s\n%s", got, want, mistakes[0])
			}
		})
	}
}

// TestPlaced holds what is said of mistakes that are found only in a run.
func TestPlaced(t *testing.T) {
	t.Parallel()
	j := load(t, tellers(nil), "", "version: 1\nsteps:\n  - tell:\n      params: {a: 1, b: [2]}\n")
	call := j.Steps[0].Body.(*jobs.Call)
	hinted := func(paths ...any) []steps.Problem {
		all := problemsAt(paths...)
		all[0].Hint = "do this\nor that"
		return all
	}
	tests := []struct {
		name       string
		problems   []steps.Problem
		want, hint string
	}{
		{"none", nil, "as it was", "as ever"},
		{"one", hinted("params.a"), "jobs/job.yaml:4:19: params.a: is wrong", "do this\nor that"},
		{"two in one field", hinted("params.a", "key:params.b"),
			"2 mistakes in params; nothing was sent:\njobs/job.yaml:4:19: params.a: is wrong\n  do this\n  or that\njobs/job.yaml:4:22: params.b: is wrong", "as ever"},
		{"two in two fields", problemsAt("params.a", "headers.x"),
			"2 mistakes; nothing was sent:\njobs/job.yaml:4:19: params.a: is wrong\njobs/job.yaml:4:7: headers.x: is wrong", "as ever"},
		{"of no field", problemsAt("", ""), "2 mistakes; nothing was sent:\njobs/job.yaml:4:7: tell is wrong\njobs/job.yaml:4:7: tell is wrong", "as ever"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			was := &steps.Error{Kind: steps.Content, Message: "as it was", Hint: "as ever", Repeat: steps.Always, Problems: test.problems}
			got := call.Placed(was)
			got.Message = strings.ReplaceAll(got.Message, strings.TrimSuffix(j.File, "jobs/job.yaml"), "")
			if got.Message != test.want || got.Hint != test.hint {
				t.Errorf("got %q, %q, want %q, %q", got.Message, got.Hint, test.want, test.hint)
			}
			if len(test.problems) > 0 && (got.Kind != steps.BadInput || got.Repeat != steps.Never || !got.NoEffect || was.Message != "as it was") {
				t.Errorf("got kind %s, repeat %d, no effect %t; it was %q", got.Kind, got.Repeat, got.NoEffect, was.Message)
			}
		})
	}
	many := make([]any, 1000)
	for i := range many {
		many[i] = "params.a"
	}
	if got := call.Placed(&steps.Error{Problems: problemsAt(many...)}).Message; strings.Count(got, "\n") != 101 || !strings.HasSuffix(got, "\n… and 900 more") {
		t.Errorf("of many got %d lines, ending in %q", strings.Count(got, "\n"), got[len(got)-40:])
	}
}

// TestFaultIsKnown holds what may be read of error.fault.
func TestFaultIsKnown(t *testing.T) {
	t.Parallel()
	for read, want := range map[string]string{
		"error.fault?.code": "", "error.fault.message": "", "error.fault?.detail?.reason": "", "len(error.fault.subcodes) > 0": "",
		"error.fault.cod":       `did you mean "code"?`,
		"error.fault.code > 3":  "text",
		"error.fault.code.name": "text",
	} {
		t.Run(read, func(t *testing.T) {
			t.Parallel()
			p := projectOf(t, tellers(nil), map[string]string{
				"jobs/job.yaml": "version: 1\nsteps:\n  - try: [{tell: {}}]\n    catch: [{steps: [{set: {v: \"${" + read + "}\"}}]}]\n",
			})
			_, err := p.Load("job")
			switch {
			case want == "" && err != nil:
				t.Error(err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("got %v, want a mistake with %q", err, want)
			}
		})
	}
}
