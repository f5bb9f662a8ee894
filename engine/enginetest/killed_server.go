package enginetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"snrun/engine"
	"snrun/steps"
)

// corpus are the jobs of Killed, by what they show. LIMIT is the concurrency.
var corpus = map[string]string{
	"a chain": `
steps:
  - id: a
    probe: {value: {n: 1}}
  - id: b
    probe: {value: "${steps.a.output.n + 1}", unsafe: true}
  - id: c
    probe: {value: "${steps.b.output + 1}"}
output: ${steps.c.output}
`,
	"a loop with unsafe calls and state": `
state: {last: {initial: 0}}
steps:
  - id: list
    probe: {value: [{k: a, v: 1}, {k: b, v: 2}, {k: c, v: 3}, {k: a, v: 4}]}
  - id: each
    foreach:
      in: ${steps.list.output}
      key: ${item.k}
      concurrency: LIMIT
      collect: ${steps.post.output.v}
      steps:
        - id: get
          probe: {value: "${item}"}
        - id: post
          probe: {value: "${steps.get.output}", unsafe: true}
        - save: {last: "${item.v}"}
  - id: last
    probe: {value: "${state.last}"}
output: {all: "${steps.each.output}", last: "${steps.last.output}"}
`,
	"tries, a catch and a tolerated failure": `
steps:
  - id: flaky
    retry: {attempts: 3, backoff: {initial: 1ms}}
    probe: {value: 7, fails: 2, repeat: if_safe}
  - id: guarded
    try:
      - probe: {value: 1, fails: 9, unsafe: true}
    catch:
      - steps:
          - probe: {value: "${error.message}"}
  - id: each
    foreach:
      in: [1, 2, 3]
      tolerate: 1
      concurrency: LIMIT
      steps:
        - probe: {value: "${item}", fails: "${item == 2 ? 9 : 0}"}
output: [ "${steps.flaky.output}", "${steps.guarded.output}", "${steps.each.output}", "${steps.each.failed}" ]
`,
	"a walk": `
steps:
  - id: all
    probe: {value: p, pages: 3, size: 2}
  - probe: {value: "${len(steps.all.output)}", unsafe: true}
output: ${steps.all.output}
`,
}

// sources are the jobs of the corpus that work on a walk page by page.
var sources = map[string]string{
	"a source with keys": `
state: {last: {initial: none}}
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 4, size: 3}}
      key: ${item.id}
      index: i
      concurrency: LIMIT
      collect: "${steps.post.output}/${i}"
      steps:
        - id: post
          probe: {value: "${item.n}", unsafe: true}
        - save: {last: "${item.id}"}
output: {all: "${steps.each.output}", last: "${state.last}", counts: ["${steps.each.total}", "${steps.each.succeeded}"]}
`,
	"a source without keys, some items of which fail": `
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 3, size: 2}}
      concurrency: LIMIT
      tolerate: 50%
      steps:
        - probe: {value: "${item.n}", unsafe: true, fails: "${item.n == 3 ? 9 : 0}"}
output: ["${steps.each.total}", "${steps.each.failed}"]
`,
	"a source page by page with a state": `
state: {pages: {initial: 0}}
steps:
  - foreach:
      in: {probe: {value: p, pages: 3, size: 2}}
      as: page
      batch: page
      steps:
        - probe: {value: "${page[0].id}", unsafe: true}
        - save: {pages: "${state.pages + 1}"}
output: ${state.pages}
`,
	"a source in batches that straddle its pages": `
steps:
  - id: each
    foreach:
      in: {probe: {value: p, pages: 4, size: 3}}
      as: some
      batch: 5
      concurrency: LIMIT
      steps:
        - probe: {value: "${map(some, .id)}", unsafe: true}
output: ${steps.each.output}
`,
	"a source in each item of a loop": `
steps:
  - id: outer
    foreach:
      in: [a, b]
      key: ${letter}
      as: letter
      concurrency: LIMIT
      steps:
        - id: inner
          foreach:
            in: {probe: {value: "${letter}", pages: 2, size: 2}}
            key: ${item.id}
            steps:
              - probe: {value: "${letter}${item.id}", unsafe: true}
output: ${steps.outer.output}
`,
}

// server is what the calls of a job are made to: it answers as a call's input says, and remembers all of them.
type server struct {
	mu      sync.Mutex
	calls   []string       // their keys, in the order in which they came
	fails   map[string]int // how often each failed
	unsafe  map[string]int
	done    map[string]int // recorded in the journal, at which length of calls
	allowed map[string]bool
}

// kind is a step whose calls the server answers. Once in a while a call is made that nobody hears of any more: it counts.
func (s *server) kind() *steps.Kind {
	return &steps.Kind{
		Name: "probe", Summary: "Answers as it is told",
		Takes: steps.ObjectOf(
			steps.Field{Name: "value", Type: steps.Of(steps.Any)},
			steps.Field{Name: "fails", Type: steps.Of(steps.Int)},
			steps.Field{Name: "repeat", Type: steps.OneOf("never", "if_safe"), Default: "never"},
			steps.Field{Name: "unsafe", Type: steps.Of(steps.Bool)},
			steps.Field{Name: "pages", Type: steps.Of(steps.Int)},
			steps.Field{Name: "size", Type: steps.Of(steps.Int)},
		),
		Gives:   []steps.Result{{Name: "output"}},
		Safe:    func(in steps.Input) bool { return !in.Bool("unsafe") },
		Changes: func(in steps.Input) bool { return in.Bool("unsafe") },
		Walks:   func(in steps.Input) bool { return in.Has("pages") },
		Run:     s.answer,
	}
}

func (s *server) answer(_ context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.fails, s.unsafe, s.done, s.allowed = map[string]int{}, map[string]int{}, map[string]int{}, map[string]bool{}
	}
	s.calls = append(s.calls, env.Key)
	if in.Bool("unsafe") {
		s.unsafe[env.Key]++
		env.Observe(steps.Exchange{Method: "POST", URL: "http://127.0.0.1/"})
	}
	if env.Attempt <= in.Int("fails") {
		e := &steps.Error{Kind: steps.Status, Message: fmt.Sprintf("failure %d", env.Attempt), Status: 500}
		if in.Text("repeat") == "if_safe" {
			e.Repeat = steps.IfSafe
		}
		return steps.Output{}, e
	}
	if in.Has("pages") {
		return page(in, env), nil
	}
	return steps.Output{Value: in["value"], Names: map[string]any{"status": 200}, Total: -1}, nil
}

// page is one page of a walk, whose cursor is its number.
func page(in steps.Input, env *steps.Env) steps.Output {
	number := 1
	if n, ok := env.Cursor.(int); ok {
		number = n
	}
	items := make([]any, in.Int("size"))
	for i := range items {
		items[i] = map[string]any{"id": fmt.Sprintf("%d-%d", number, i), "n": (number-1)*len(items) + i}
	}
	out := steps.Output{Value: items, Total: -1}
	if number < in.Int("pages") {
		out.Next = number + 1
	}
	return out
}

// recorded hears that the end of a call is on record.
func (s *server) recorded(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.done[key]; !known && s.done != nil {
		s.done[key] = len(s.calls)
	}
}

func (s *server) sorted() []string { return slices.Sorted(slices.Values(s.calls)) }

func (s *server) distinct() []string { return slices.Compact(s.sorted()) }

// finishedTwice gives the calls that were made after their end was on record.
func (s *server) finishedTwice() []string {
	var keys []string
	for i, key := range s.calls {
		if at, done := s.done[key]; done && i >= at {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *server) unsafeTwice() []string {
	var keys []string
	for _, key := range sortedKeys(s.unsafe) {
		if s.unsafe[key] > 1 {
			keys = append(keys, key)
		}
	}
	return keys
}

// whatBecame reads which calls are in doubt: they are made again, which the server is told of.
func (s *server) whatBecame(message string) engine.Assume {
	for _, key := range strings.FieldsFunc(message, func(r rune) bool { return r == ' ' || r == ',' }) {
		if strings.HasPrefix(key, "/") {
			s.allowed[strings.TrimRight(key, ".:")] = true
		}
	}
	return engine.AssumeRedo
}
