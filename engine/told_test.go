package engine_test

import "testing"

// TestMessages holds what steps say of themselves in the history.
func TestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.run("steps:\n  - {id: w, wait: {until: 2026-01-02T03:04:05Z}}\n  - {id: d, wait: 1ms}\n  - {id: f, fail: here}\n  - {id: s, set: {x: 1}}\n" +
		"finally:\n  - {id: l, log: \"${steps.s.skipped} ${steps.w.skipped}\"}")
	got := map[string]string{}
	for _, s := range run.Steps {
		got[s.Key] = s.Message
	}
	for key, want := range map[string]string{"/w": "until 2026-01-02T03:04:05Z", "/d": "1ms", "/finally/l": "true false"} {
		check(t, key, got[key], want)
	}
}
