package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"snrun/engine/flow"
)

// Fold commits where a loop is, and forgets what is kept of the part that is over. Where a secret is in it that cannot be
// encrypted, all calls of the loop stay in the journal instead, from then on.
func (h *host) Fold(f flow.Fold) error {
	if h.unfolded.has(f.Key) {
		return nil
	}
	now := time.Now()
	prefix := f.Key + "@"
	entries := make([]Entry, 0, len(f.Parts)+1)
	for _, part := range append([]flow.Part{{Name: "progress", Value: f.Progress}}, f.Parts...) {
		data, err := h.seal(prefix+part.Name, part.Value)
		if err != nil {
			return err
		}
		if data == nil {
			h.unfolded.add(f.Key)
			return nil
		}
		entries = append(entries, Entry{Key: prefix + part.Name, Result: data, Started: now, Ended: now})
	}
	spared, err := h.spared(f)
	if err != nil {
		return h.recorded(err)
	}
	entries = append(entries, spared...)
	drop := make([]string, len(f.Drop))
	for i, name := range f.Drop {
		drop[i] = prefix + name
	}
	return h.recorded(h.Journal.Fold(h.run.ID, f.Below, drop, entries...))
}

// Kept gives what Fold kept.
func (h *host) Kept(key string) (flow.Kept, error) {
	if !h.again {
		return flow.Kept{}, nil
	}
	prefix := key + "@"
	entries, err := h.Journal.Kept(h.run.ID, prefix)
	if err != nil {
		return flow.Kept{}, h.recorded(err)
	}
	var kept flow.Kept
	for _, e := range entries {
		if e.Result == nil { // not one of Fold's
			continue
		}
		value, err := h.open(e.Key, e.Result)
		if err != nil {
			return flow.Kept{}, h.recorded(fmt.Errorf("read %s: %w", e.Key, err))
		}
		name := strings.TrimPrefix(e.Key, prefix)
		if name == "progress" {
			kept.Progress = value
			continue
		}
		kept.Parts = append(kept.Parts, flow.Part{Name: name, Value: value})
	}
	return kept, nil
}

// spared gives the entries of the calls below the keys that a fold keeps.
func (h *host) spared(f flow.Fold) ([]Entry, error) {
	if len(f.Keep) == 0 {
		return nil, nil
	}
	keep := make(map[string]bool, len(f.Keep))
	for _, key := range f.Keep {
		keep[key] = true
	}
	all, err := h.Journal.Kept(h.run.ID, f.Below)
	return slices.DeleteFunc(all, func(e Entry) bool { return !within(keep, e.Key) }), err
}

// within says whether a key stands at or below one of some items of loops.
func within(items map[string]bool, key string) bool {
	for at := range len(key) {
		if key[at] == ']' && items[key[:at+1]] && Below(key, key[:at+1]) {
			return true
		}
	}
	return false
}

// keySet is a set of keys.
type keySet struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (s *keySet) add(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[string]bool{}
	}
	s.keys[key] = true
}

func (s *keySet) has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[key]
}
