package history

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"snrun/engine"
)

// lettersOf gives a text of n letters that no compression makes short.
func lettersOf(n int) string {
	letters := rand.New(rand.NewPCG(1, uint64(n)))
	text := make([]byte, n)
	for i := range text {
		text[i] = 'a' + byte(letters.IntN(26))
	}
	return string(text)
}

// The keys of a run of which each has 1 MB, and which differ at their ends alone.
var longKeys = func() (keys [4]string) {
	item := lettersOf(1 << 20)
	for i := range keys {
		keys[i] = fmt.Sprintf("/all[%s%d]/send", item, i)
	}
	return keys
}()

// holdLong is in the middle of a run with long keys until its input ends.
func holdLong(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	if err := s.Begin(aRun("child", "sync")); err != nil {
		return err
	}
	for i, key := range longKeys[:3] {
		if err := s.Intend("child", key); err != nil {
			return err
		}
		step := engine.StepRun{Key: key, ID: "send", Kind: "rest", Status: engine.Running, Started: day}
		if i < 2 {
			if err := s.Commit("child", engine.Entry{Key: key, StepKey: key, Attempt: 1, Result: []byte(fmt.Sprint(i))}); err != nil {
				return err
			}
			step.Status, step.Ended = engine.OK, at(1)
		}
		if err := s.Note("child", step); err != nil {
			return err
		}
	}
	failed := engine.Entry{Key: "/all@failed" + strings.TrimSuffix(longKeys[3][len("/all"):], "/send"), Result: []byte("3")}
	if err := s.Fold("child", longKeys[3], nil, failed); err != nil {
		return err
	}
	if err := s.flush("have all of it on record"); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestLongKeys(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	c := start(t, "long keys", path)
	c.await(t)
	c.kill(t)
	s := openAt(t, path, Options{})
	run, err := s.Run("child")
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := s.InDoubt("child"); err != nil || !slices.Equal(keys, longKeys[2:3]) || run.Status != engine.Interrupted {
		t.Fatalf("a run that is %s has %d calls in doubt, %v, want the third", run.Status, len(keys), err)
	}
	run.Attempt++
	if err := s.Continue(run, longKeys[2:3], nil); err != nil {
		t.Fatal(err)
	}
	checkLong(t, s, "it goes on", "0", "1", "", "")
	for i, result := range []string{2: "two", 3: "three"} {
		if i >= 2 {
			e := engine.Entry{Key: longKeys[i], StepKey: longKeys[i], Attempt: 1, Result: []byte(result)}
			if err := s.Commit("child", e); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkLong(t, s, "it has gone on", "0", "1", "two", "three")
	if err := s.Fold("child", strings.TrimSuffix(longKeys[0], "/send"), longKeys[1:2]); err != nil {
		t.Fatal(err)
	}
	checkLong(t, s, "the first is folded and the second dropped", "", "", "two", "three")
	if kept, err := s.Kept("child", "/all@failed["+longKeys[0][5:1000]); err != nil || len(kept) != 1 || string(kept[0].Result) != "3" {
		t.Errorf("what is kept below half of a key: %d entries, %v", len(kept), err)
	}
	for i, key := range longKeys[:3] {
		found, err := s.Steps("child", StepFilter{Key: key})
		want := engine.OK
		if i == 2 {
			note(t, s, "child", engine.StepRun{Key: key, ID: "send", Kind: "rest", Status: want, Started: day, Ended: at(2)})
			found, err = s.Steps("child", StepFilter{Key: key})
		}
		if err != nil || len(found) != 1 || found[0].Key != key || found[0].Status != want {
			t.Errorf("step %d: %d of them, %v", i, len(found), err)
		}
	}
	finish(t, s, run, engine.OK)
}

// checkLong checks the results under the long keys, "" for none.
func checkLong(t *testing.T, s *Store, when string, want ...string) {
	t.Helper()
	for i, key := range longKeys {
		e, mark, err := s.Lookup("child", key)
		if got := string(e.Result); err != nil || got != want[i] || (mark == engine.Done) != (want[i] != "") {
			t.Errorf("when %s call %d is %v with %q, %v, want %q", when, i, mark, got, err, want[i])
		}
	}
}

// TestLongInputs has schedules whose inputs are long and differ at their ends alone.
func TestLongInputs(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	text := lettersOf(100 << 10)
	var plans []engine.Plan
	for _, end := range []string{"a", "b"} {
		inputs := map[string]any{"text": text + end}
		plans = append(plans, engine.Plan{Job: "sync", Line: "@hourly", Inputs: inputs})
		c := due("run-"+end, "sync", 10)
		c.Inputs, c.Overlap = inputs, "allow"
		if got, want := told(claimed(t, s, c)), "run-"+end+"=queued"; got != want {
			t.Errorf("the slot with inputs that end with %s: %s, want %s", end, got, want)
		}
		c.Run = "again"
		if got, want := told(claimed(t, s, c)), "run-"+end+"="; got != want {
			t.Errorf("the same slot again: %s, want what was decided: %s", got, want)
		}
	}
	for range 2 {
		known, err := s.Know(at(20), plans)
		if err != nil || len(known) != 2 || !known[0].Decided.Equal(at(10)) && !known[0].Decided.Equal(at(20)) {
			t.Errorf("known: %d plans, %v", len(known), err)
		}
	}
}
