package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"snrun/engine"
)

// value is data of a size, the same for the same seed.
func value(size int, seed byte) []byte {
	data := bytes.Repeat([]byte{seed, 0, 255, '\n'}, size/4+1)
	return data[:size]
}

func values(t *testing.T, j *turning) {
	run := begin(t, j, "r1")
	sizes := []int{0, 1, 16<<10 - 1, 16 << 10, 16<<10 + 1, 5 << 20}
	check := func() {
		t.Helper()
		for _, size := range sizes {
			for _, key := range []string{"/a[%d]", "/a@%d"} {
				got := expectSame(t, j, fmt.Sprintf(key, size))
				if !bytes.Equal(got, value(size, 'v')) {
					t.Errorf("a value of %d bytes came back with %d, or changed", size, len(got))
				}
			}
		}
	}
	for _, size := range sizes {
		for _, key := range []string{"/a[%d]", "/a@%d"} {
			e := outcome(fmt.Sprintf(key, size), "")
			e.Result = value(size, 'v')
			commit(t, j, "r1", e)
		}
	}
	check()
	finish(t, j, run, engine.Failed)
	j.turn(t)
	check()
	again(t, j, run)
	check()
}

func expectSame(t *testing.T, j engine.Journal, key string) []byte {
	t.Helper()
	e, mark, err := j.Lookup("r1", key)
	if err != nil || mark != engine.Done {
		t.Fatalf("Lookup of %s: mark %d, %v, want it done", key, mark, err)
	}
	return e.Result
}

func valueTwice(t *testing.T, j *turning) {
	run, other := begin(t, j, "r1"), begin(t, j, "r2")
	text := string(value(100_000, 't'))
	for _, key := range []string{"/a/page:1[x]", "/a/page:1[y]", "/a/page:2[x]", "/b", "/a@kept"} {
		commit(t, j, "r1", outcome(key, text))
	}
	commit(t, j, "r2", outcome("/a", text))
	j.turn(t)
	fold(t, j, "/a/page:1", nil, outcome("/a@kept", "small"))
	expect(t, j, "r1", "/a@kept", recorded{engine.Done, "small"})
	expect(t, j, "r1", "/a/page:2[x]", recorded{engine.Done, text})
	fold(t, j, "/a/page:2", nil, outcome("/a@kept", text))
	expect(t, j, "r1", "/a@kept", recorded{engine.Done, text})
	fold(t, j, "", []string{"/a@kept"})
	expect(t, j, "r1", "/b", recorded{engine.Done, text})
	finish(t, j, run, engine.Failed)
	j.turn(t)
	again(t, j, run, "/b")
	expect(t, j, "r2", "/a", recorded{engine.Done, text})
	commit(t, j, "r1", outcome("/b", text))
	finish(t, j, run, engine.OK)
	expect(t, j, "r2", "/a", recorded{engine.Done, text})
	finish(t, j, other, engine.OK)
}

// manyFolds has loops side by side, each with pages of its own.
func manyFolds(t *testing.T, j *turning) {
	begin(t, j, "r1")
	const loops, pages, items = 8, 10, 5
	errs := make([]error, loops)
	var all sync.WaitGroup
	for l := range loops {
		all.Go(func() { errs[l] = foldPages(j, fmt.Sprintf("/l%d", l), pages, items) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	j.turn(t)
	for l := range loops {
		checkKept(t, j, "r1", fmt.Sprintf("/l%d@", l), fmt.Sprintf("/l%d@progress=%d", l, pages-1))
		checkKept(t, j, "r1", fmt.Sprintf("/l%d/", l))
	}
}

func foldPages(j engine.Journal, loop string, pages, items int) error {
	var errs []error
	for p := range pages {
		part := fmt.Sprintf("%s/page:%d", loop, p)
		for i := range items {
			key := fmt.Sprintf("%s[%d]/c", part, i)
			errs = append(errs, j.Intend("r1", key), j.Commit("r1", outcome(key, "1")), found(j, "r1", key, engine.Done))
		}
		errs = append(errs, j.Fold("r1", part, nil, outcome(loop+"@progress", fmt.Sprint(p))), found(j, "r1", part+"[0]/c", engine.Unknown))
	}
	return errors.Join(errs...)
}
