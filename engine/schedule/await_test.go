package schedule

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

// TestAwait holds that runs which are gone on with have their turn like those that are queued: no more go on at once than may, of a job one
// after the other unless they may overlap, each once; that one can be forgotten while it waits; and that a reload leaves them alone.
func TestAwait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newDaemon(t, newFile(t), options{Config: Config{MaxRuns: 2}}, job(t, "sync", "0 0 * * *"))
		var changes []change
		begun := map[string]int{}
		wait := func(run, job string, alone bool) bool {
			return d.Await(engine.QueuedRun{Run: run, Job: job, Due: d.now(), Alone: alone}, func(ctx context.Context) {
				d.mu.Lock()
				begun[run]++
				changes = append(changes, change{time.Now(), 1})
				d.mu.Unlock()
				select {
				case <-time.After(time.Minute):
				case <-ctx.Done():
				}
				d.mu.Lock()
				changes = append(changes, change{time.Now(), -1})
				d.mu.Unlock()
			})
		}
		for i := range 4 {
			if !wait(fmt.Sprint("a", i), "a", true) || !wait(fmt.Sprint("b", i), "b", false) {
				t.Error("a run does not wait")
			}
		}
		if wait("a3", "a", true) {
			t.Error("a run waits twice")
		}
		synctest.Wait()
		if st := d.Standing(); len(st.Running) != 2 || len(st.Queued) != 6 || st.Queued[0].Why == "" {
			t.Errorf("it stands as %+v", st)
		}
		if d.Forget("zzz") || d.Forget(d.Standing().Running[0].Run) {
			t.Error("a run is forgotten that does not wait")
		}
		if !d.Forget("a3") {
			t.Error("a run that waits is not forgotten")
		}
		if err := d.Plan([]Job{job(t, "other", "0 0 * * *")}); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Minute)
		d.mu.Lock()
		if len(begun) != 7 || begun["a3"] > 0 || highest(changes) != 2 {
			t.Errorf("these have begun: %v, and %d at once", begun, highest(changes))
		}
		for run, n := range begun {
			if n != 1 {
				t.Errorf("%s has begun %d times", run, n)
			}
		}
		d.mu.Unlock()
		if late := d.told(RunLate); len(late) > 0 {
			t.Errorf("%+v are told to be late", late)
		}
		d.end()
		if wait("c", "c", true) {
			t.Error("a run waits for a scheduler that ends")
		}
	})
}
