package soap

import "slices"

// gathering collects values under keys. A key that comes again holds a list of its values, be they lists themselves.
type gathering map[string][]any

func (g gathering) add(key string, value any) { g[key] = append(g[key], value) }

// values gives what was collected, as a list also where a key of lists came only once.
func (g gathering) values(lists ...string) map[string]any {
	out := make(map[string]any, len(g))
	for key, all := range g {
		out[key] = all
		if _, isList := all[0].([]any); len(all) == 1 && (isList || !slices.Contains(lists, key)) {
			out[key] = all[0]
		}
	}
	return out
}
