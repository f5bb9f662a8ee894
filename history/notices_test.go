package history

import (
	"fmt"
	"testing"
	"time"

	"snrun/engine"
)

// postedAt is some time.
var postedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aPost is a notice with a text, for a target.
func aPost(target, text string) engine.Post {
	return engine.Post{Target: target, Notice: []byte(`"` + text + `"`), Posted: postedAt}
}

// unsent gives the notices that wait or were given up, each in a few words.
func unsent(t *testing.T, s *Store) string {
	t.Helper()
	posts, err := s.Posts()
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, p := range posts {
		text += fmt.Sprintf("%s %s", p.Target, p.Notice)
		if p.Next.IsZero() {
			text += " given up: " + p.Error
		}
		text += "\n"
	}
	return text
}

// TestAlertsAreTakenOnce holds that of two processes that find the same wrong or right again only one posts notices.
func TestAlertsAreTakenOnce(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	one, two := openAt(t, path, Options{}), openAt(t, path, Options{})
	fails := engine.Alert{Subject: "job:sync", Kind: "failure", Since: postedAt, Run: "r1"}
	again := engine.Alert{Subject: "job:sync", Kind: "failure", Since: postedAt.Add(time.Hour), Run: "r2"}
	late := engine.Alert{Subject: "job:sync", Kind: "late", Since: postedAt}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(one.Raise(fails, []engine.Post{aPost("a", "fails"), aPost("b", "fails")}))
	do(two.Raise(again, []engine.Post{aPost("a", "fails again")}))
	do(two.Raise(late, []engine.Post{aPost("a", "late")}))
	got, known, err := two.Alert("job:sync", "failure")
	if err != nil || !known || got != fails {
		t.Errorf("got the alert %v, %v, %v, want %v", got, known, err, fails)
	}
	do(two.Clear(again, []engine.Post{aPost("a", "another is over")}))
	do(one.Clear(fails, []engine.Post{aPost("a", "over")}))
	do(two.Clear(fails, []engine.Post{aPost("a", "over again")}))
	do(two.Raise(again, []engine.Post{aPost("a", "anew")}))
	const want = "a \"fails\"\nb \"fails\"\na \"late\"\na \"over\"\na \"anew\"\n"
	if got := unsent(t, one); got != want {
		t.Errorf("got the notices\n%swant\n%s", got, want)
	}
}

// TestFailedSince holds that the runs of the job from the first one that failed on are counted, and no others.
func TestFailedSince(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for _, r := range []struct {
		id, job string
		status  engine.Status
	}{
		{"r1", "sync", engine.Failed}, {"r2", "sync", engine.Failed}, {"r3", "other", engine.Failed}, {"r4", "sync", engine.Interrupted},
		{"r5", "sync", engine.Cancelled}, {"r6", "sync", engine.OK},
	} {
		run := aRun(r.id, r.job)
		begin(t, s, run)
		run.Status = r.status
		if err := s.Finish(run); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.FailedSince("sync", "r2"); err != nil || got != 2 {
		t.Errorf("got %d, %v, want 2", got, err)
	}
	for _, run := range []string{"r2", "r3", "gone"} {
		if err := s.Raise(engine.Alert{Subject: "profile:" + run, Kind: "sign_in", Since: postedAt, Run: run}, nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.SignInAlerts("sync")
	if err != nil || len(got) != 2 || got[0].Run != "gone" || got[1].Run != "r2" {
		t.Errorf("got %v, %v, want those of r2 and of a run that is gone", got, err)
	}
}

// TestNoticesAreClaimedOnce holds that one process sends a notice, that nothing overtakes it, and that another one may where the first
// does not come back.
func TestNoticesAreClaimedOnce(t *testing.T) {
	t.Parallel()
	path := somewhere(t)
	one, two := openAt(t, path, Options{}), openAt(t, path, Options{})
	if err := one.Post([]engine.Post{aPost("a", "first"), aPost("b", "other"), aPost("a", "second")}); err != nil {
		t.Fatal(err)
	}
	next := func(s *Store) *engine.Post {
		t.Helper()
		p, err := s.NextPost("a")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	claim := func(s *Store, p *engine.Post, until time.Time, want bool) {
		t.Helper()
		if got, err := s.ClaimPost(p, until); err != nil || got != want {
			t.Errorf("claimed: %v, %v, want %v", got, err, want)
		}
	}
	seen, seenByOther := next(one), next(two)
	until := postedAt.Add(time.Minute)
	claim(one, seen, until, true)
	claim(two, seenByOther, until, false)
	p := next(two)
	if string(p.Notice) != `"first"` || !p.Next.Equal(until) || p.Attempts != 1 {
		t.Errorf("got %s at %v after %d attempts, want the first one, which is claimed", p.Notice, p.Next, p.Attempts)
	}
	claim(two, p, until.Add(time.Minute), true) // the first process has died
	if err := two.Delivered(p.ID); err != nil {
		t.Fatal(err)
	}
	if p = next(one); string(p.Notice) != `"second"` {
		t.Errorf("got %s, want the second one", p.Notice)
	}
	if err := one.PutOff(p.ID, time.Time{}, "refused"); err != nil {
		t.Fatal(err)
	}
	if p := next(one); p != nil {
		t.Errorf("got %s, want none", p.Notice)
	}
	if got, want := unsent(t, two), "b \"other\"\na \"second\" given up: refused\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestNoticesAreBounded holds that neither those that wait nor those that were given up grow without end.
func TestNoticesAreBounded(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	var posts []engine.Post
	for i := range maxPosts {
		posts = append(posts, aPost("a", fmt.Sprint(i)))
	}
	for _, list := range [][]engine.Post{posts[:1], posts[1:], {aPost("b", "b")}, {aPost("a", "last")}} {
		if err := s.Post(list); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Posts()
	if err != nil || len(all) != maxPosts+2 {
		t.Fatalf("got %d notices, %v", len(all), err)
	}
	if first, second := all[0], all[1]; !first.Next.IsZero() || first.Error == "" || second.Next.IsZero() {
		t.Errorf("got %v and %v, want the oldest given up, and that one alone", first, second)
	}
	if err := s.GiveUp(postedAt.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := s.Post([]engine.Post{aPost("a", "new")}); err != nil {
		t.Fatal(err)
	}
	if count, err := s.WaitingPosts(); err != nil || count != 1 {
		t.Errorf("%d notices wait, %v, want 1", count, err)
	}
	if all, err = s.Posts(); err != nil || len(all) != maxGivenUp+1 {
		t.Errorf("got %d notices, %v, want %d that were given up and a new one", len(all), err, maxGivenUp)
	}
}
