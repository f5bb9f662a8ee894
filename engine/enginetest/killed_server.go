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

// server is what the calls of a job are made to: it answers as a call's input says, and remembers all of them.
type server struct {
	mu      sync.Mutex
	calls   []string       // their keys, in the order in which they came
	fails   map[string]int // how often each failed
	unsafe  map[string]int
	done    map[string]int  // recorded in the journal, at which length of calls
	failed  map[string]bool // recorded as failed
	allowed map[string]bool
	well    bool // no call fails any more
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
			steps.Field{Name: "page", Type: steps.Of(steps.Int)},    // the one that fails
			steps.Field{Name: "unless", Type: steps.Of(steps.Text)}, // the key has this in it: then it does not fail
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
		s.fails, s.unsafe, s.done = map[string]int{}, map[string]int{}, map[string]int{}
		s.failed, s.allowed = map[string]bool{}, map[string]bool{}
	}
	s.calls = append(s.calls, env.Key)
	if in.Bool("unsafe") {
		s.unsafe[env.Key]++
		env.Observe(steps.Exchange{Method: "POST", URL: "http://127.0.0.1/"})
	}
	if env.Attempt <= in.Int("fails") && !s.well && !spared(in, env) {
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

// spared says whether a call goes well though there are some that fail.
func spared(in steps.Input, env *steps.Env) bool {
	if in.Has("unless") && strings.Contains(env.Key, in.Text("unless")) {
		return true
	}
	return in.Has("page") && !strings.Contains(env.Key, fmt.Sprintf("/page:%d", in.Int("page")))
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
func (s *server) recorded(key string, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed && s.failed != nil {
		s.failed[key] = true
	}
	if _, known := s.done[key]; !known && s.done != nil {
		s.done[key] = len(s.calls)
	}
}

// runFailed hears that it is on record that the run failed: what failed may be made again.
func (s *server) runFailed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.failed {
		delete(s.done, key)
	}
	clear(s.failed)
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
