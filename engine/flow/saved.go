package flow

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"

	"snrun/jobs"
)

// saves are state values by job and name.
type saves map[string]map[string]any

// and gives these values with those of other in the place of the same names. Neither is changed.
func (s saves) and(other saves) saves {
	all := maps.Clone(s)
	for job, values := range other {
		state := make(map[string]any, len(all[job])+len(values))
		maps.Copy(state, all[job])
		maps.Copy(state, values)
		all[job] = state
	}
	return all
}

// remember makes saved values visible in this branch.
func (f *frame) remember(saved saves) {
	if len(saved) == 0 {
		return
	}
	f.states = f.states.and(saved)
	f.names["state"] = f.states[f.job]
	maps.Copy(f.saved, f.saved.and(saved))
}

// adopt makes visible what was saved in a frame of the same branch, which may be that of another job.
func (f *frame) adopt(c *frame) {
	f.states = c.states
	f.names["state"] = f.states[f.job]
}

// join makes visible what branches saved at once, in their order. It was kept in the order of time: where that may differ
// the values are saved again, so that the next run starts with what this one sees. The key tells what they are joined
// of: when a run goes on some may save more.
func (f *frame) join(s *jobs.Step, key, suffix string, branches []saves) error {
	joined, savers := saves{}, map[string]int{}
	for _, saved := range branches {
		joined = joined.and(saved)
		for job := range saved {
			savers[job]++
		}
	}
	f.remember(joined)
	for _, job := range slices.Sorted(maps.Keys(savers)) {
		if savers[job] < 2 {
			continue
		}
		c := Call{Key: key + "@saved" + suffix + ":" + digest(branches), StepKey: key, Step: s, Attempt: 1, Job: job, State: joined[job], Cleanup: f.cleanup}
		if job != f.job {
			c.Key += ":" + job
		}
		if _, err := f.h.Do(c); err != nil {
			return err
		}
	}
	return nil
}

// digest tells apart what branches saved.
func digest(branches []saves) string {
	all := make([]any, len(branches))
	for i, saved := range branches {
		all[i] = saved.plain()
	}
	text, _ := EncodeValue(all) // what was saved can be encoded
	hash := fnv.New64a()
	hash.Write(text)
	return strconv.FormatUint(hash.Sum64(), 36)
}

// plain gives the values as plain data, which savesOf reads.
func (s saves) plain() map[string]any {
	m := make(map[string]any, len(s))
	for job, values := range s {
		m[job] = values
	}
	return m
}

func savesOf(v any) saves {
	s := saves{}
	m, _ := v.(map[string]any)
	for job, values := range m {
		s[job], _ = values.(map[string]any)
	}
	return s
}
