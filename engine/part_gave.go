package engine

import (
	"fmt"
	"strings"
	"time"

	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// What the journal keeps of units beside their calls.
const (
	gaveKey  = "@gave"  // what a unit gave, before its key: it is no part of what is kept of a step
	valueKey = "@value" // a value that is not small, behind the key of its unit
	callsKey = "@calls:"
)

// longList is how many calls travel by name; of more their list is kept, and a text that stands for it travels.
const longList = 50

// gave gives what a unit gave before.
func (x *execution) gave(key string) (flow.Handed, bool, error) {
	entry, mark, err := x.Journal.Lookup(x.run.ID, gaveKey+key)
	if err != nil || mark != Done || entry.Result == nil {
		return flow.Handed{}, false, x.lost(err)
	}
	got, err := flow.DecodeHanded(entry.Result)
	return got, err == nil, x.lost(err)
}

// lost is the error of a journal that cannot be used.
func (x *execution) lost(err error) error {
	if err == nil {
		return nil
	}
	return &brokenError{err}
}

// Recall gives what all units of this attempt gave that have come to their end, by their keys.
func (p *Part) Recall() (map[string]flow.Handed, error) {
	entries, err := p.engine.Journal.Kept(p.of.Run.ID, gaveKey)
	if err != nil {
		return nil, err
	}
	all := make(map[string]flow.Handed, len(entries))
	for _, e := range entries {
		got, err := flow.DecodeHanded(e.Result)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Key, err)
		}
		all[strings.TrimPrefix(e.Key, gaveKey)] = got
	}
	return all, nil
}

// handed makes what a unit gave small, and keeps it.
func (x *execution) handed(u flow.Unit, got flow.Handed) (flow.Handed, error) {
	got.Error = x.handedError(got.Error)
	data, err := x.smallest(u, &got)
	if failure, isStep := err.(*steps.Error); isStep {
		got = flow.Handed{Error: failure, Saved: got.Saved, Open: got.Open, Doubts: got.Doubts, Tolerated: got.Tolerated, Retries: got.Retries, LimitWaits: got.LimitWaits}
		data, err = x.smallest(u, &got)
	}
	if err != nil {
		return got, err
	}
	now := time.Now()
	return got, x.Journal.Commit(x.run.ID, Entry{Key: gaveKey + u.Key, Result: data, Started: now, Ended: now, Noted: true})
}

// handedError is an error that may travel: its texts are masked, and not too long.
func (x *execution) handedError(e *steps.Error) *steps.Error {
	m := x.masked(e)
	if m != nil {
		m.Fields = e.Fields // as they came: expressions read them
		m.Message, m.Hint = Brief(m.Message), Brief(m.Hint)
	}
	return m
}

// smallest makes what a unit gave small, in as few bytes as that takes. It gives it as it travels.
func (x *execution) smallest(u flow.Unit, got *flow.Handed) ([]byte, error) {
	if err := x.shortLists(u.Key, got); err != nil {
		return nil, err
	}
	whole := *got
	for most := x.mostOf(u); ; most /= 4 {
		*got = whole
		if err := x.shrink(u, got, most); err != nil {
			return nil, err
		}
		data, err := flow.EncodeHanded(*got)
		if err != nil || len(data) <= smallValue || most == 0 {
			return data, err
		}
	}
}

// mostOf is how much of a unit's values travels.
func (x *execution) mostOf(u flow.Unit) int {
	switch {
	case u.Slot == flow.Items:
		return min(x.small, smallList)
	case u.Scope.Item:
		return min(x.small, smallItem)
	}
	return x.small
}

// shrink makes the values of what a unit gave small. Those that stay behind are kept: by the entry of the call that gave them, else by one
// of their own.
func (x *execution) shrink(u flow.Unit, got *flow.Handed, most int) error {
	s := shrinker{x, most}
	kept := steps.Pairs{}
	keep := func(name string, v any) any {
		small := s.small(v, flow.Ref{Key: u.Key + valueKey, Path: []string{name}})
		if flow.HasRefs(small) {
			kept = append(kept, steps.Pair{Key: name, Value: v})
		}
		return small
	}
	if names, isCall := x.ofCall(s, u, got); isCall {
		got.Names, got.Value = names, names["output"]
	} else if got.Names != nil {
		names, isMap := keep("names", got.Names).(map[string]any)
		if !isMap {
			names = map[string]any{}
			for name := range got.Names {
				names[name] = &flow.Ref{Key: u.Key + valueKey, Path: []string{"names", name}}
			}
		}
		got.Names, got.Value = names, names["output"]
	} else if !u.Decides() {
		got.Value = keep("value", got.Value)
	}
	if len(got.Saved) > 0 {
		got.Saved = x.smallSaves(got.Saved, keep)
	}
	if got.Error != nil && got.Error.Fields != nil {
		e := *got.Error
		e.Fields = smallFields(e.Fields, keep)
		got.Error = &e
	}
	if len(kept) == 0 {
		return nil
	}
	return x.keepValue(u.Key+valueKey, kept)
}

func smallFields(fields map[string]any, keep func(string, any) any) map[string]any {
	out := make(map[string]any, len(fields))
	for name, v := range fields {
		out[name] = keep("error."+name, v)
	}
	return out
}

func (x *execution) smallSaves(saved map[string]map[string]any, keep func(string, any) any) map[string]map[string]any {
	out := make(map[string]map[string]any, len(saved))
	for job, values := range saved {
		out[job] = make(map[string]any, len(values))
		for name, v := range values {
			out[job][name] = keep("saved."+job+"."+name, v)
		}
	}
	return out
}

// ofCall makes what a call gave small, where the journal's entry of the call has it as the unit gave it: it is false for any other unit.
func (x *execution) ofCall(s shrinker, u flow.Unit, got *flow.Handed) (map[string]any, bool) {
	if !x.callAlone(u, got) {
		return nil, false
	}
	key := flow.TryKey(u.Key, max(flow.Whole(got.Names["attempts"]), 1))
	out := make(map[string]any, len(got.Names))
	for name, v := range got.Names {
		at := flow.Ref{Key: key, Path: []string{"names", name}}
		if name == "output" {
			at.Path = []string{"value"}
		}
		out[name] = s.small(v, at)
	}
	if !flow.HasRefs(out) {
		return out, true
	}
	entry, mark, err := x.Journal.Lookup(x.run.ID, key)
	return out, err == nil && mark == Done && entry.Result != nil
}

// callAlone says whether a unit is a call whose answer it gave.
func (x *execution) callAlone(u flow.Unit, got *flow.Handed) bool {
	if u.Slot != flow.WholeStep || got.Names == nil || got.Error != nil || got.Names["skipped"] == true {
		return false
	}
	s := x.job.Places()[u.Place]
	if s == nil || s.Output != nil {
		return false
	}
	_, calls := s.Body.(*jobs.Call)
	return calls
}

// keepValue keeps a value, in place of what was kept under its key.
func (x *execution) keepValue(key string, v any) error {
	data, err := x.seal(key, v)
	if err != nil {
		return &steps.Error{Kind: steps.Content, Message: "the result cannot be kept: " + err.Error()}
	}
	now := time.Now()
	return x.Journal.Commit(x.run.ID, Entry{Key: key, Result: data, Started: now, Ended: now})
}

// shortLists has long lists of calls be kept, with one text for all of one.
func (x *execution) shortLists(key string, got *flow.Handed) error {
	lists := []*[]string{&got.Open, &got.Doubts, &got.Tolerated}
	if got.Error != nil {
		e := *got.Error
		got.Error = &e
		lists = append(lists, &e.Calls)
	}
	for i, list := range lists {
		if len(*list) <= longList {
			continue
		}
		at := fmt.Sprintf("%s%s%d", key, callsKey, i)
		if err := x.keepCalls(at, *list); err != nil {
			return err
		}
		*list = []string{callsKey + at}
	}
	return nil
}

// opened gives a list of calls with those that a text stands for, each once.
func (x *execution) allCalls(list []string) ([]string, error) {
	var all []string
	for _, call := range list {
		at, stands := strings.CutPrefix(call, callsKey)
		if !stands {
			all = append(all, call)
			continue
		}
		calls, err := x.callsUnder(at)
		if err != nil {
			return nil, err
		}
		all = append(all, calls...)
	}
	return all, nil
}
