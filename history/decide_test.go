package history

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"snrun/engine"
)

const (
	rounds      = 40 // minutes that are claimed
	jobsAtOnce  = 25
	claimsInAll = rounds * jobsAtOnce
)

// claimAll claims each slot of each job, and calls queued for each that is to be run.
func claimAll(s *Store, name string, queued func(run, slot string)) error {
	for minute := range rounds {
		var claims []engine.Claim
		for job := range jobsAtOnce {
			c := due(fmt.Sprintf("%s-%02d-%02d", name, minute, job), fmt.Sprintf("job%02d", job), minute)
			c.Overlap = "allow"
			claims = append(claims, c)
		}
		verdicts, err := s.Claim(at(minute), 100, claims)
		if err != nil {
			return err
		}
		for i, v := range verdicts {
			if v.Status == engine.Queued {
				queued(v.Run, fmt.Sprint(claims[i].Job, " ", minute))
			}
		}
	}
	return nil
}

// Whoever comes with a slot, together with others, one of them gets it.
func TestTwoStoresClaimTheSame(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	var mu sync.Mutex
	taken := map[string]string{}
	var all sync.WaitGroup
	for i, s := range []*Store{openAt(t, path, Options{}), openAt(t, path, Options{})} {
		for g := range 3 {
			all.Go(func() {
				err := claimAll(s, fmt.Sprint(i, g), func(run, slot string) {
					mu.Lock()
					defer mu.Unlock()
					if before := taken[slot]; before != "" {
						t.Errorf("the slot %s was given to %s and to %s", slot, before, run)
					}
					taken[slot] = run
				})
				if err != nil {
					t.Errorf("Claim: %v", err)
				}
			})
		}
	}
	all.Wait()
	if len(taken) != claimsInAll {
		t.Errorf("%d slots were given away, want %d", len(taken), claimsInAll)
	}
}

// claimMuch claims all slots and tells of those that it got.
func claimMuch(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	bufio.NewScanner(os.Stdin).Scan() // until all are ready
	return errors.Join(claimAll(s, fmt.Sprint(os.Getpid()), func(run, slot string) { fmt.Println(slot) }), s.Close())
}

func TestProcessesClaimTheSame(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	processes := []*child{start(t, "claim", path), start(t, "claim", path), start(t, "claim", path)}
	for _, c := range processes {
		c.await(t)
	}
	for _, c := range processes {
		c.in.Close()
	}
	taken := map[string]bool{}
	for _, c := range processes {
		for c.out.Scan() {
			if taken[c.out.Text()] {
				t.Errorf("the slot %s was given away twice", c.out.Text())
			}
			taken[c.out.Text()] = true
		}
		if err := c.Wait(); err != nil {
			t.Errorf("a process ended with %v", err)
		}
	}
	if len(taken) != claimsInAll {
		t.Errorf("%d slots were given away, want %d", len(taken), claimsInAll)
	}
	s := openAt(t, path, Options{})
	if n := number(t, s, "SELECT count(*) FROM slots JOIN runs ON runs.id = slots.run JOIN queue ON queue.run = runs.id"); n != claimsInAll {
		t.Errorf("%d slots are on record with a queued run, want %d", n, claimsInAll)
	}
}

// A commit that others share is tried again for each of them alone: what was decided the first time counts for nothing.
func TestClaimIsDecidedAnewWhereACommitFails(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	s := openTemp(t)
	var verdicts []engine.Verdict
	var times int
	claim := &op{rows: []row{{do: func(c *conn) error {
		times++
		verdicts = nil
		d := &decider{conn: c, question: question{now: day, maxQueue: 1}, dead: s.gone(), over: s.isAbandoned, pending: pending{now: day}}
		one, err := claimOf(due("a", "sync", 1))
		if err == nil {
			err = d.load([]claim{one})
		}
		if err == nil {
			var v engine.Verdict
			v, err = d.slot(one)
			verdicts = append(verdicts, v)
		}
		return errors.Join(err, d.pending.write(c))
	}}}}
	s.writer.write([]*op{claim, {rows: []row{jot(1), jot(1)}}}, nil)
	if claim.err != nil || times != 2 || told(verdicts) != "a=queued" {
		t.Errorf("decided %d times: %s, %v, want a=queued the second time", times, told(verdicts), claim.err)
	}
	if got := slotsOf(t, s, "sync"); got != "1 a queued" {
		t.Errorf("the slots are %s", got)
	}
}

func TestClaimOnAFullDisk(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{maxPages: 80})
	var err error
	for round := 0; err == nil && round < 100; round++ {
		claims := benchClaims(round, 200)
		for i := range claims {
			claims[i].Overlap = "allow"
		}
		_, err = s.Claim(day, 100, claims)
	}
	fails(t, "Claim on a full disk", err, path, engine.ErrFull, "free some space")
	for _, table := range []string{"runs", "slots", "queue"} {
		if n := number(t, s, "SELECT count(*) FROM "+table); n == 0 || n%200 != 0 {
			t.Errorf("%d rows in %s: a claim is half on record", n, table)
		}
	}
	if v, err := s.Claim(day, 100, []engine.Claim{due("one", "job_00000", 100_000)}); err != nil || len(v) != 1 {
		t.Errorf("Claim of what still fits: %v, %v", v, err)
	}
}

func TestClaimInALockedFile(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s := openAt(t, path, Options{Wait: 20 * time.Millisecond})
	other := connect(t, path)
	defer other.close()
	if err := other.run("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	claims := []engine.Claim{due("a", "sync", 1)}
	_, err := s.Claim(day, 1, claims)
	fails(t, "Claim", err, path, engine.ErrLocked, "end the program that holds it")
	_, err = s.Know(day, []engine.Plan{{Job: "sync", Line: "@hourly"}})
	fails(t, "Know", err, path, engine.ErrLocked, "end the program that holds it")
	if _, err := s.Changed(); err != nil {
		t.Errorf("Changed while another program writes: %v", err)
	}
	if err := other.run("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Claim(day, 1, claims); err != nil || told(v) != "a=queued" {
		t.Errorf("Claim once the lock is gone: %v, %v", v, err)
	}
}

func TestClaimInADamagedFile(t *testing.T) {
	t.Parallel()
	onlyInFile(t)
	path := somewhere(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	claimed(t, s, benchClaims(0, 2000)...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()/2/pageSize*pageSize)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path, Options{}); err == nil {
		defer s.Close()
		_, err = s.Claim(day, 1, benchClaims(1, 2000))
	}
	fails(t, "Claim in a damaged file", err, path, engine.ErrDamaged, "put a copy back")
}

func TestBookForReadingOnly(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	w := openAt(t, path, Options{})
	claimed(t, w, due("r1", "sync", 1))
	s := readAt(t, path)
	one := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"Claim": one(s.Claim(day, 1, []engine.Claim{due("a", "sync", 1)})), "Know": one(s.Know(day, nil)), "Rewind": s.Rewind(day),
		"Adopt": one(s.Adopt(nil)), "Withdraw": one(s.Withdraw(day, "r1", engine.Skipped, "")), "Pause": s.Pause(engine.Pause{}),
		"Unpause": one(s.Unpause("sync")), "Cancel": one(s.Cancel(day, "r1", "ann")), "ToCancel": one(s.ToCancel()), "Changed": one(s.Changed()),
		"Enlist": s.Enlist(engine.Daemon{}), "SignOfLife": s.SignOfLife(day), "Dismiss": s.Dismiss(),
		"Enqueue": one(s.Enqueue(day, 1, true, asked("a", "sync", "allow"))),
	} {
		if err == nil || !strings.Contains(err.Error(), "reading only") {
			t.Errorf("%s on a history for reading: %v, want an error that says so", name, err)
		}
	}
	if got, err := s.Slots("sync", 9, time.Time{}); err != nil || len(got) != 1 {
		t.Errorf("the slots are %v, %v, want 1", got, err)
	}
	if got, err := s.Standings([]string{"sync"}); err != nil || len(got["sync"].Queued) != 1 {
		t.Errorf("it stands with the job as %v, %v, want a queued run", got["sync"], err)
	}
}
