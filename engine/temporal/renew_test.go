package temporal

import (
	"strings"
	"testing"

	"snrun/engine"
	"snrun/engine/flow"
)

// TestRecallInPieces holds that what finished units gave is given whole, in pieces that may travel.
func TestRecallInPieces(t *testing.T) {
	t.Parallel()
	var c counter
	w := c.enlist(t, "steps: [{log: a}]\n")
	run := w.config.Runs.(records).of.Run(w.order.Run)
	e := w.config.Engine
	keys := []string{"/a", "/b", "/c", "/d"}
	for _, key := range keys {
		data, err := flow.EncodeHanded(flow.Handed{Value: strings.Repeat(key, recallMost/3/len(key))})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Journal.Commit(run.ID, engine.Entry{Key: "@gave" + key, Result: data}); err != nil {
			t.Fatal(err)
		}
	}
	with, back, err := w.prepared.of(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	defer back()
	part, err := e.Part(engine.PartOf{Run: run, Job: with.Job})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	pieces := 0
	for from := ""; pieces == 0 || from != ""; pieces++ {
		r, err := recalled(part, from)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if _, there := r.Gave[key]; there {
				got = append(got, key)
			}
		}
		from = r.From
	}
	if strings.Join(got, " ") != strings.Join(keys, " ") || pieces != 2 {
		t.Errorf("%d pieces gave %q", pieces, got)
	}
}
