package main

import (
	"testing"

	"snrun/history"
)

func TestPrunedValues(t *testing.T) {
	t.Parallel()
	done := history.Pruned{Before: 3 << 20, After: 1 << 20, Values: 2, ValueBytes: 2 << 20}
	for dry, want := range map[bool]string{
		true:  "no run has to go; the database has 3.0 MB\n2 large values that no run has any more, 2.0 MB, would be deleted\n",
		false: "no run has to go; the database has 3.0 MB\n2 large values that no run has any more, 2.0 MB, are deleted\n",
	} {
		if got := prunedText(page{}, done, dry); got != want {
			t.Errorf("dry %t:\n%swant\n%s", dry, got, want)
		}
	}
}
