package review

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change is a value that is different.
type Change struct {
	Path   string `json:"path"`   // filter.since, tags[0]
	Change string `json:"change"` // added, removed or changed
	Base   any    `json:"base,omitempty"`
	Run    any    `json:"run,omitempty"`
}

// valueChanges tells which inputs are different, sorted by their paths.
func valueChanges(base, run map[string]any) []Change {
	var c changes
	c.maps("", base, run)
	return c
}

// changes are those that were found, not more than most.
type changes []Change

func (c *changes) add(change Change) {
	if len(*c) < most {
		*c = append(*c, change)
	}
}

func (c *changes) maps(path string, base, run map[string]any) {
	keys := append(slices.Collect(maps.Keys(base)), slices.Collect(maps.Keys(run))...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		at := key
		if path != "" {
			at = path + "." + key
		}
		was, before := base[key]
		is, now := run[key]
		c.values(at, was, is, before && now)
		switch {
		case !before:
			c.add(Change{Path: at, Change: "added", Run: is})
		case !now:
			c.add(Change{Path: at, Change: "removed", Base: was})
		}
	}
}

func (c *changes) lists(path string, base, run []any) {
	for i := range max(len(base), len(run)) {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i >= len(base):
			c.add(Change{Path: at, Change: "added", Run: run[i]})
		case i >= len(run):
			c.add(Change{Path: at, Change: "removed", Base: base[i]})
		default:
			c.values(at, base[i], run[i], true)
		}
	}
}

// values compares two values, where both are there.
func (c *changes) values(path string, base, run any, both bool) {
	if !both {
		return
	}
	if a, b := reflect.ValueOf(base), reflect.ValueOf(run); a.IsValid() && b.IsValid() && a.Kind() == b.Kind() {
		switch was := base.(type) {
		case map[string]any:
			c.maps(path, was, run.(map[string]any))
			return
		case []any:
			c.lists(path, was, run.([]any))
			return
		case string:
			if strings.Contains(was, masked) && strings.Contains(run.(string), masked) {
				return
			}
		}
	}
	if !reflect.DeepEqual(base, run) {
		c.add(Change{Path: path, Change: "changed", Base: base, Run: run})
	}
}
