package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/engine"
)

// turning is a journal that may be closed and opened again at any time between two calls.
type turning struct {
	Closer
	open  func() Closer
	often bool
}

// turn closes the journal and opens it again, in the tests that are to see it.
func (j *turning) turn(t *testing.T) {
	t.Helper()
	if !j.often {
		return
	}
	if err := j.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	j.Closer = j.open()
}

// goingOn are the tests of what a run needs that goes on.
var goingOn = map[string]func(*testing.T, *turning){
	"what a run begins with is on record with it":       beginsWith,
	"a run goes on however it ended":                    goesOn,
	"a run that has not ended does not go on":           runningStays,
	"of many who go on with a run one does":             oneGoesOn,
	"who saw a run end does not go on once another did": laterStays,
	"who carries out an attempt does not end the next":  earlierDoesNotEnd,
	"a run that is not on record does not go on":        nobodyGoesOn,
	"going on forgets calls at and below keys":          forgets,
	"going on forgets calls recorded more than once":    forgetsTwice,
	"a call in doubt stays so while it is forgotten":    doubtStays,
	"a run that is open keeps its calls":                openStays,
	"a fold puts entries in place of a part":            folds,
	"a run that somebody else carries out":              carriedElsewhere,
	"a fold of what was recorded before going on":       foldsBefore,
	"a fold below nothing forgets nothing":              foldsNothing,
	"a fold of a part forgets the loops in it":          foldsLoops,
	"a fold of an item forgets it alone":                foldsItem,
	"a fold replaces what it kept before":               foldReplaces,
	"a fold drops what is kept no longer":               foldDrops,
	"a fold goes by bytes":                              foldsOddKeys,
	"what is kept comes in the order of its recording":  keptInOrder,
	"what is kept is told apart by runs and prefixes":   keptApart,
	"values of any size come back":                      values,
	"a value that is used twice is dropped once":        valueTwice,
	"many folds at once":                                manyFolds,
}

// again says that a run goes on, and what it forgets.
func again(t *testing.T, j engine.Journal, run *engine.Run, forget ...string) {
	t.Helper()
	run.Status, run.Ended, run.Error, run.Attempt = engine.Running, time.Time{}, nil, run.Attempt+1
	if err := j.Continue(run, forget, nil); err != nil {
		t.Fatalf("Continue: %v", err)
	}
}

func fold(t *testing.T, j engine.Journal, below string, drop []string, entries ...engine.Entry) {
	t.Helper()
	if err := j.Fold("r1", below, drop, entries...); err != nil {
		t.Fatalf("Fold of %s: %v", below, err)
	}
}

// known gives the keys of which a run knows the outcome with "key", and those that are intended with "key?".
func known(t *testing.T, j engine.Journal, keys ...string) string {
	t.Helper()
	var got []string
	for _, key := range keys {
		_, mark, err := j.Lookup("r1", key)
		if err != nil {
			t.Fatalf("Lookup of %q: %v", key, err)
		}
		if mark != engine.Unknown {
			got = append(got, key+map[engine.Mark]string{engine.Intended: "?"}[mark])
		}
	}
	return strings.Join(got, " ")
}

func checkKnown(t *testing.T, j engine.Journal, keys []string, want ...string) {
	t.Helper()
	if got := known(t, j, keys...); got != strings.Join(want, " ") {
		t.Errorf("known are\n%q, want\n%q", got, strings.Join(want, " "))
	}
}

// checkKept compares what is kept under a prefix with "key=result" texts.
func checkKept(t *testing.T, j engine.Journal, run, prefix string, want ...string) {
	t.Helper()
	entries, err := j.Kept(run, prefix)
	if err != nil {
		t.Fatalf("Kept of %q: %v", prefix, err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Key+"="+string(e.Result))
	}
	if !slices.Equal(got, want) {
		t.Errorf("kept under %q are\n%q, want\n%q", prefix, got, want)
	}
}

func beginsWith(t *testing.T, j *turning) {
	run := &engine.Run{ID: "r1", Job: "sync", Status: engine.Running, Started: day}
	large := strings.Repeat("x", 20_000)
	if err := j.Begin(run, outcome("@given", `{"n":1}`), outcome("@more", large), outcome("/plain", "1")); err != nil {
		t.Fatal(err)
	}
	begin(t, j, "r2")
	j.turn(t)
	expect(t, j, "r1", "@given", recorded{engine.Done, `{"n":1}`})
	expect(t, j, "r1", "/plain", recorded{engine.Done, "1"})
	checkKept(t, j, "r1", "@", `@given={"n":1}`, "@more="+large)
	checkKept(t, j, "r2", "@")
	commit(t, j, "r1", outcome("/a", "2"))
	expect(t, j, "r1", "/a", recorded{engine.Done, "2"})
}

func goesOn(t *testing.T, j *turning) {
	for _, status := range []engine.Status{engine.Failed, engine.Cancelled, engine.Interrupted, engine.OK, engine.Skipped} {
		run := begin(t, j, "r-"+string(status))
		commit(t, j, run.ID, outcome("/a", "1"))
		finish(t, j, run, status)
		j.turn(t)
		again(t, j, run)
		want := recorded{engine.Done, "1"}
		if status == engine.OK || status == engine.Skipped {
			want = recorded{engine.Unknown, ""}
		}
		expect(t, j, run.ID, "/a", want)
		commit(t, j, run.ID, outcome("/b", "2"))
		expect(t, j, run.ID, "/b", recorded{engine.Done, "2"})
		finish(t, j, run, engine.Failed)
		j.turn(t)
		again(t, j, run)
		expect(t, j, run.ID, "/a", want)
		finish(t, j, run, engine.OK)
		expect(t, j, run.ID, "/b", recorded{engine.Unknown, ""})
	}
}

func runningStays(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	commit(t, j, run.ID, outcome("/a", "1"))
	for range 2 {
		if err := j.Continue(run, []string{"/a"}, nil); !errors.Is(err, engine.ErrRunning) {
			t.Errorf("Continue of a run that has not ended: %v, want ErrRunning", err)
		}
		expect(t, j, run.ID, "/a", recorded{engine.Done, "1"})
		commit(t, j, run.ID, outcome("/b", "1"))
	}
	finish(t, j, run, engine.Failed)
	again(t, j, run)
	if err := j.Continue(run, []string{"/a"}, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue of a run that goes on: %v, want ErrRunning", err)
	}
	expect(t, j, run.ID, "/a", recorded{engine.Done, "1"})
}

func oneGoesOn(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	for i := range 10 {
		commit(t, j, run.ID, outcome(fmt.Sprintf("/a[%d]", i), "1"))
	}
	finish(t, j, run, engine.Failed)
	j.turn(t)
	run.Status = engine.Running
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		copied := *run
		all.Go(func() { errs[i] = j.Continue(&copied, []string{fmt.Sprintf("/a[%d]", i)}, nil) })
	}
	all.Wait()
	left := 0
	for i, err := range errs {
		if err == nil {
			left++
			expect(t, j, run.ID, fmt.Sprintf("/a[%d]", i), recorded{engine.Unknown, ""})
		} else if !errors.Is(err, engine.ErrRunning) {
			t.Errorf("Continue: %v, want ErrRunning", err)
		} else {
			expect(t, j, run.ID, fmt.Sprintf("/a[%d]", i), recorded{engine.Done, "1"})
		}
	}
	if left != 1 {
		t.Errorf("%d go on with one run, want 1", left)
	}
}

// laterStays holds that of two who saw a run end the later one does not go on with it, also where it has ended again since.
func laterStays(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	finish(t, j, run, engine.Interrupted)
	j.turn(t)
	next := *run
	next.Status, next.Attempt = engine.Running, 2
	later := next
	if err := j.Continue(&next, nil, nil); err != nil {
		t.Fatal(err)
	}
	finish(t, j, &next, engine.OK)
	j.turn(t)
	if err := j.Continue(&later, nil, nil); !errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue as the second attempt of a run that had it: %v, want ErrRunning", err)
	}
}

// earlierDoesNotEnd holds that whoever was taken for gone does not end the attempt that somebody else has gone on with, nor drops what it needs.
func earlierDoesNotEnd(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	run.Attempt = 1
	commit(t, j, run.ID, outcome("/a", "1"))
	finish(t, j, run, engine.Interrupted)
	j.turn(t)
	next := *run
	again(t, j, &next)
	for _, status := range []engine.Status{engine.OK, engine.Failed, engine.Cancelled} {
		late := *run
		late.Status, late.Ended = status, time.Now()
		if err := j.Finish(&late); !errors.Is(err, engine.ErrOvertaken) {
			t.Errorf("Finish of the first attempt, %s, while the second goes on: %v, want ErrOvertaken", status, err)
		}
		j.turn(t)
		expect(t, j, run.ID, "/a", recorded{engine.Done, "1"})
	}
	if !j.often { // else it was interrupted
		if err := j.Continue(&engine.Run{ID: run.ID, Status: engine.Running, Attempt: 3}, nil, nil); !errors.Is(err, engine.ErrRunning) {
			t.Errorf("Continue of a run that a late end came to: %v, want ErrRunning", err)
		}
	}
	finish(t, j, &next, engine.OK)
	expect(t, j, run.ID, "/a", recorded{engine.Unknown, ""})
}

func nobodyGoesOn(t *testing.T, j *turning) {
	if err := j.Continue(&engine.Run{ID: "r1", Status: engine.Running}, nil, nil); err == nil || errors.Is(err, engine.ErrRunning) {
		t.Errorf("Continue of a run that is not on record: %v, want an error that says so", err)
	}
}

var flowKeys = []string{
	"/a", "/a#2", "/a/page:1", "/a/page:1#2", "/a/page:1#2@wait", "/a/page:10", "/a/page:1[x]/b", "/a/page:1[x]/b#2", "/a/page:1[x]/c/page:1[y]", "/a/page:1@saved",
	"/a/page:10[x]/b", "/a@progress", "/ab", "/b", "/b[x]", "/b[x]/c", "/b[xy]/c", "/b[x/page:1]/c", "@given",
}

// record records calls, and returns their keys.
func record(t *testing.T, j engine.Journal, keys []string) []string {
	t.Helper()
	for _, key := range keys {
		commit(t, j, "r1", outcome(key, "1"))
	}
	return keys
}

// without gives keys without those at and below roots.
func without(keys []string, roots ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return engine.Below(key, root) })
	})
}

func forgets(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	for _, roots := range [][]string{nil, {"/a/page:1"}, {"/b[x]", "/ab"}, {"/a#2", "/a/page:1[x]/b"}, {"/a", "/b"}, {"@given"}, {"/none", "/a/page"}, {"/a/page:1#"}, {"/a#", "/b[x]/c#"}} {
		record(t, j, flowKeys)
		finish(t, j, run, engine.Failed)
		j.turn(t)
		again(t, j, run, roots...)
		checkKnown(t, j, flowKeys, without(flowKeys, roots...)...)
		j.turn(t)
		checkKnown(t, j, flowKeys, without(flowKeys, roots...)...)
	}
}

func forgetsTwice(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	for range 2 {
		intend(t, j, "r1", "/a")
		commit(t, j, "r1", outcome("/a", "1"))
		intend(t, j, "r1", "/b")
	}
	finish(t, j, run, engine.Failed)
	j.turn(t)
	again(t, j, run, "/a")
	checkKnown(t, j, []string{"/a", "/b"}, "/b?")
	intend(t, j, "r1", "/a")
	checkKnown(t, j, []string{"/a", "/b"}, "/a?", "/b?")
	j.turn(t)
	checkKnown(t, j, []string{"/a", "/b"}, "/a?", "/b?")
}

func openStays(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	commit(t, j, "r1", outcome("/a", "1"))
	run.Open = true
	finish(t, j, run, engine.OK)
	j.turn(t)
	expect(t, j, "r1", "/a", recorded{engine.Done, "1"})
	again(t, j, run)
	expect(t, j, "r1", "/a", recorded{engine.Done, "1"})
	run.Open = false
	finish(t, j, run, engine.OK)
	j.turn(t)
	expect(t, j, "r1", "/a", recorded{engine.Unknown, ""})
}

func folds(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	for range 2 { // in the run that began it, and in one that goes on
		record(t, j, flowKeys)
		intend(t, j, "r1", "/a/page:1[z]/b")
		intend(t, j, "r1", "/a/page:10[z]/b")
		j.turn(t)
		fold(t, j, "/a/page:1", nil, outcome("/a@progress", "2"))
		for range 2 {
			checkKnown(t, j, append(slices.Clone(flowKeys), "/a/page:1[z]/b", "/a/page:10[z]/b"),
				append(without(flowKeys, "/a/page:1"), "/a/page:10[z]/b?")...)
			expect(t, j, "r1", "/a@progress", recorded{engine.Done, "2"})
			j.turn(t)
		}
		fold(t, j, "/a/page:1", nil, outcome("/a@progress", "3")) // there is nothing below it
		expect(t, j, "r1", "/a@progress", recorded{engine.Done, "3"})
		intend(t, j, "r1", "/a/page:1[x]/b")
		expect(t, j, "r1", "/a/page:1[x]/b", recorded{engine.Intended, ""})
		commit(t, j, "r1", outcome("/a/page:1[x]/b", "again"))
		expect(t, j, "r1", "/a/page:1[x]/b", recorded{engine.Done, "again"})
		finish(t, j, run, engine.Failed)
		again(t, j, run)
	}
}

func foldsBefore(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	record(t, j, flowKeys)
	finish(t, j, run, engine.Failed)
	again(t, j, run, "/b")
	fold(t, j, "/a/page:1", nil, outcome("/a@progress", "2"))
	j.turn(t)
	checkKnown(t, j, flowKeys, without(flowKeys, "/b", "/a/page:1")...)
}

func foldsNothing(t *testing.T, j *turning) {
	begin(t, j, "r1")
	record(t, j, flowKeys)
	j.turn(t)
	fold(t, j, "", []string{"/none", "@none"}, outcome("/a@progress", "2"))
	checkKnown(t, j, flowKeys, flowKeys...)
	j.turn(t)
	checkKnown(t, j, flowKeys, flowKeys...)
}

func foldsLoops(t *testing.T, j *turning) {
	begin(t, j, "r1")
	inner := []string{"/a/page:1[x]/b/page:1[y]/c", "/a/page:1[x]/b@progress", "/a/page:1[x]/b@failed", "/a/page:2[x]/b/page:1[y]/c", "/a/page:2[x]/b@progress"}
	record(t, j, inner)
	j.turn(t)
	fold(t, j, "/a/page:2[x]/b/page:1", nil, outcome("/a/page:2[x]/b@progress", "2"))
	checkKnown(t, j, inner, inner[0], inner[1], inner[2], inner[4])
	fold(t, j, "/a/page:1", nil, outcome("/a@progress", "2"))
	checkKnown(t, j, inner, inner[4])
	checkKept(t, j, "r1", "/a/page:1[x]/b@")
	j.turn(t)
	checkKnown(t, j, inner, inner[4])
}

func foldsItem(t *testing.T, j *turning) {
	begin(t, j, "r1")
	record(t, j, flowKeys)
	j.turn(t)
	fold(t, j, "/a/page:1[x]", []string{"@given"})
	want := slices.DeleteFunc(without(flowKeys, "/a/page:1[x]"), func(key string) bool { return key == "@given" })
	checkKnown(t, j, flowKeys, want...)
	j.turn(t)
	checkKnown(t, j, flowKeys, want...)
}

func foldReplaces(t *testing.T, j *turning) {
	begin(t, j, "r1")
	for i := range 5 {
		commit(t, j, "r1", outcome(fmt.Sprintf("/a/page:%d[x]/b", i), "1"))
		fold(t, j, fmt.Sprintf("/a/page:%d", i), nil, outcome("/a@progress", fmt.Sprint(i)), outcome(fmt.Sprintf("/a@failed[%d]", i%2), fmt.Sprint(i)))
		j.turn(t)
	}
	checkKept(t, j, "r1", "/a@", "/a@progress=4", "/a@failed[0]=4", "/a@failed[1]=3")
}

func foldDrops(t *testing.T, j *turning) {
	begin(t, j, "r1")
	fold(t, j, "/a/page:1", nil, outcome("/a@progress", "1"), outcome("/a@failed[x]", "x"), outcome("/a@failed[x]y", "y"), outcome("/a@failed[z]", "z"))
	commit(t, j, "r1", outcome("/b", "1"))
	commit(t, j, "r1", outcome("/b#2", "1"))
	j.turn(t)
	fold(t, j, "/a/page:2", []string{"/a@failed[x]", "/a@none", "/b"}, outcome("/a@progress", "2"))
	checkKept(t, j, "r1", "/a@", "/a@progress=2", "/a@failed[x]y=y", "/a@failed[z]=z")
	checkKnown(t, j, []string{"/b", "/b#2", "/a@failed[x]"}, "/b#2")
	for _, key := range []string{"/b", "/a@failed[x]"} {
		intend(t, j, "r1", key)
		expect(t, j, "r1", key, recorded{engine.Intended, ""})
	}
	fold(t, j, "/a/page:3", []string{"/a@failed[z]"}, outcome("/a@failed[z]", "new"))
	j.turn(t)
	checkKept(t, j, "r1", "/a@failed[z]", "/a@failed[z]=new")
}

func foldsOddKeys(t *testing.T, j *turning) {
	begin(t, j, "r1")
	items := []string{"", "%", "_", "'; --", "\x00", "\xff", "ä/ö", "@", "]", "[", "x/page:1", "#", "a@b.example", strings.Repeat("long", 500)}
	var keys []string
	for _, item := range items {
		keys = append(keys, "/a["+item+"]", "/a["+item+"]/b", "/a["+item+"]#2", "/a["+item+"]x")
	}
	record(t, j, keys)
	for _, item := range items {
		j.turn(t)
		root := "/a[" + item + "]"
		name := "/a@failed[" + item + "]"
		fold(t, j, root, nil, outcome(name, item))
		keys = without(keys, root)
		checkKnown(t, j, append(slices.Clone(keys), root, root+"/b", root+"#2"), keys...)
		checkKept(t, j, "r1", name, name+"="+item)
	}
}

func keptInOrder(t *testing.T, j *turning) {
	begin(t, j, "r1")
	for _, name := range []string{"z", "a", "m"} {
		fold(t, j, "", nil, outcome("/a@"+name, name))
		commit(t, j, "r1", outcome("/p/"+name, name))
	}
	intend(t, j, "r1", "/p/i")
	intend(t, j, "r1", "/p/j")
	commit(t, j, "r1", outcome("/p/k", "k"))
	commit(t, j, "r1", outcome("/p/i", "i"))
	commit(t, j, "r1", outcome("/p/a", "a2"))
	fold(t, j, "", nil, outcome("/a@a", "a2"))
	j.turn(t)
	checkKept(t, j, "r1", "/a@", "/a@z=z", "/a@a=a2", "/a@m=m")
	checkKept(t, j, "r1", "/p/", "/p/z=z", "/p/a=a2", "/p/m=m", "/p/i=i", "/p/k=k")
}

func keptApart(t *testing.T, j *turning) {
	begin(t, j, "r1")
	begin(t, j, "r2")
	commit(t, j, "r2", outcome("/a@x", "r2"))
	intend(t, j, "r1", "/a@intended")
	for _, key := range []string{"/a@x", "/aa@x", "/a[@]/b@x", "/A@x", "/a", "/a@\xff\xff", "/a@\xff"} {
		commit(t, j, "r1", outcome(key, key))
	}
	j.turn(t)
	checkKept(t, j, "r1", "/a@", "/a@x=/a@x", "/a@\xff\xff=/a@\xff\xff", "/a@\xff=/a@\xff")
	checkKept(t, j, "r1", "/a@\xff", "/a@\xff\xff=/a@\xff\xff", "/a@\xff=/a@\xff")
	checkKept(t, j, "r1", "/a[@]/b@", "/a[@]/b@x=/a[@]/b@x")
	checkKept(t, j, "r1", "/a[@", "/a[@]/b@x=/a[@]/b@x")
	checkKept(t, j, "r2", "/", "/a@x=r2")
	checkKept(t, j, "r1", "/a@y")
	commit(t, j, "r1", outcome("/a@intended", "done"))
	j.turn(t)
	expect(t, j, "r1", "/a@intended", recorded{engine.Done, "done"})
}

func doubtStays(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	commit(t, j, "r1", outcome("/a", `{}`))
	commit(t, j, "r1", outcome("/b", `{}`))
	finish(t, j, run, engine.Failed)
	if err := j.Continue(run, []string{"/a", "/b"}, []string{"/b"}); err != nil {
		t.Fatal(err)
	}
	j.turn(t)
	checkKnown(t, j, []string{"/a", "/b"}, "/b?")
	if keys, err := j.InDoubt("r1"); err != nil || len(keys) != 1 || keys[0] != "/b" {
		t.Errorf("in doubt are %v, %v", keys, err)
	}
}
