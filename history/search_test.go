package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

// leave makes a run with a step of an item, a try and an exchange, each with texts of its own.
func leave(t *testing.T, s *Store, id string, status engine.Status, texts map[Where]string) {
	t.Helper()
	run := begin(t, s, aRun(id, "sync"))
	var failed *steps.Error
	if texts[InError] != "" {
		failed = &steps.Error{Kind: steps.Network, Message: texts[InError], Step: "alert"}
	}
	key := "/alerts[" + texts[InItem] + "]/alert"
	note(t, s, id, engine.StepRun{Key: key, ID: "alert", Kind: "rest", Status: status, Started: day, Error: failed, Message: texts[InLog]})
	x := steps.Exchange{
		Method: "POST", URL: "https://example.com" + texts[InURL], Status: 200, Started: day,
		Request: steps.Message{Body: []byte(texts[InRequest])}, Response: steps.Message{Body: []byte(texts[InResponse])},
	}
	entry := engine.Entry{Key: key, StepKey: key, Attempt: 1, Started: day, Ended: day, Error: failed, Exchanges: []steps.Exchange{x}}
	if err := s.Commit(id, entry); err != nil {
		t.Fatal(err)
	}
	if status != engine.Running {
		run.Error = failed
		finish(t, s, run, status)
	}
}

// places gives what a search finds, a line a run: its id and where.
func places(t *testing.T, s *Store, q Search) string {
	t.Helper()
	found, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("Search %q: %v", q.Text, err)
	}
	var b strings.Builder
	for _, hit := range found.Hits {
		b.WriteString(hit.Run)
		for _, p := range hit.Places {
			b.WriteString(" " + string(p.Where))
		}
		if hit.More {
			b.WriteString(" …")
		}
		b.WriteString("\n")
	}
	if !found.Finished {
		b.WriteString("unfinished\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestSearchFindsAllTexts(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	large := strings.Repeat("x ", large) + "Wal­fisch leviathan"
	leave(t, s, "06a00000001", engine.Failed, map[Where]string{
		InError: "connection refused to 127.0.0.1", InItem: "INC-17", InURL: "/api/now?q=number%3D17", InRequest: `{"title":"Größe Ärger"}`,
		InResponse: `{"result":[{"gateway_timeout":"Bad\n  Gateway"}]}`,
	})
	leave(t, s, "06a00000002", engine.OK, map[Where]string{InLog: "did it in ΣΊΣΥΦΟΣ, 50% off", InItem: "x]y[z", InResponse: large, InRequest: "binary\x00leviathan"})
	leave(t, s, "06a00000003", engine.Running, map[Where]string{InURL: "/refused", InRequest: `{"a":"erste\ndritte Zeile", "b": "na\u00efve \ud83d\ude00 \u12"}`, InResponse: "接続エラー発生"})
	const r1, r2, r3 = "06a00000001", "06a00000002", "06a00000003"
	for _, c := range []struct{ text, want string }{
		{"connection", r1 + " error"},
		{"CONNECTION refused", r1 + " error"},
		{"refused connection", r1 + " error"},
		{`"connection refused"`, r1 + " error"},
		{`"refused connection"`, ""},
		{"refused", r3 + " url\n" + r1 + " error"},
		{"efused", ""},
		{"refuse", r3 + " url\n" + r1 + " error"},
		{"inc-17", r1 + " item"},
		{"alert", ""},
		{"17", r1 + " item url"},
		{"17]", ""},
		{"number%3d17", r1 + " url"},
		{"%", r2 + " log\n" + r1 + " url"},
		{"_timeout", r1 + " response"},
		{"timeout gateway", r1 + " response"},
		{`"title":"größe`, r1 + " request"},
		{`"title":"größe"`, r1 + " request"},
		{`größe"`, ""},
		{"number=17", r1 + " url"},
		{"dritte zeile", r3 + " request"},
		{"naïve 😀", r3 + " request"},
		{`"bad\n`, r1 + " response"},
		{"ärger", r1 + " request"},
		{"rger", ""},
		{"σίσυφος", r2 + " log"},
		{"leviathan", r2 + " response"},
		{"binary", ""},
		{"エラー", r3 + " response"},
		{"example.com", r3 + " url\n" + r2 + " url\n" + r1 + " url"},
		{"example.com nowhere", ""},
		{"NEAR(connection refused)", ""},
		{"connection OR nowhere", ""},
		{"connec*", ""},
		{"-connection", ""},
	} {
		if got := places(t, s, Search{Filter: Filter{Text: c.text}}); got != c.want {
			t.Errorf("%q is found in %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSearchWithNothingToLookFor(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for _, text := range []string{"", "  \t", `""`, `" "`, strings.Repeat("x", 10_000)} {
		if _, err := s.Search(t.Context(), Search{Filter: Filter{Text: text}}); !errors.Is(err, ErrSearchText) {
			t.Errorf("Search %.20q: %v, want ErrSearchText", text, err)
		}
	}
	for _, text := range []string{"\x00", "a\xffb", `"`, `"""`, `'`, `\`, "%_", "\u202e", strings.Repeat("a ", 500)} {
		if got := places(t, s, Search{Filter: Filter{Text: text}}); got != "" {
			t.Errorf("Search %q finds %q in an empty history", text, got)
		}
	}
}

func TestSearchIsPaged(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	var want []string
	for i := range 100 {
		id := fmt.Sprintf("06a000000%02d", i)
		texts := map[Where]string{InResponse: "haystack"}
		if i%7 == 3 {
			texts[InResponse], want = "haystack with a needle", append(want, id)
		}
		leave(t, s, id, engine.OK, texts)
	}
	var got []string
	f := Filter{Text: "needle", Limit: 4}
	for page := 0; page == 0 || f.Before != ""; page++ {
		found, err := s.Search(t.Context(), Search{Filter: f})
		if err != nil || !found.Finished || page > 5 {
			t.Fatalf("page %d: %+v, %v", page, found, err)
		}
		for _, hit := range found.Hits {
			got = append([]string{hit.Run}, got...)
		}
		f.Before = found.Next
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("pages have %v, want %v", got, want)
	}
	runs, err := s.Runs(Filter{Text: "needle", Limit: 2, Before: want[5]})
	if err != nil || len(runs) != 2 || runs[0].ID != want[4] || runs[1].ID != want[3] {
		t.Errorf("Runs with a text: %v, %v", runs, err)
	}
}

// A search whose time is over says so, and where to go on.
func TestSearchOutOfTime(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for i := range 100 {
		leave(t, s, fmt.Sprintf("06a000000%02d", i), engine.OK, map[Where]string{InResponse: fmt.Sprintf("a%d b", i)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	found, err := s.Search(ctx, Search{Filter: Filter{Text: "a90"}, Hit: func(Hit) { cancel() }})
	if err != nil || found.Finished || len(found.Hits) != 1 || found.Next == "" {
		t.Fatalf("Search that is ended: %+v, %v", found, err)
	}
	rest, err := s.Search(t.Context(), Search{Filter: Filter{Text: "a9", Before: found.Next}})
	if err != nil || !rest.Finished || rest.Next != "" || len(rest.Hits) != 1 || rest.Hits[0].Run != "06a00000009" {
		t.Errorf("Search that goes on: %+v, %v", rest, err)
	}
	if listed, err := s.List(ctx, Filter{Text: "a9"}); err != nil || listed.Finished || len(listed.Runs) != 0 {
		t.Errorf("List with no time at all: %+v, %v", listed, err)
	}
}

func TestSnippets(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	body := strings.Repeat("ä", 100) + "\n\tthe \x1bneedle\u202e " + strings.Repeat("ö", 200)
	leave(t, s, "06a00000001", engine.OK, map[Where]string{InResponse: body, InItem: "needle"})
	found, err := s.Search(t.Context(), Search{Filter: Filter{Text: "NEEDLE"}})
	if err != nil || len(found.Hits) != 1 || len(found.Hits[0].Places) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	hit := found.Hits[0]
	if p := hit.Places[0]; p.Step != "/alerts[needle]" || p.Snippet != "needle" || p.Match != "needle" {
		t.Errorf("the item: %+v", p)
	}
	want := "…" + strings.Repeat("ä", 26) + " the \ufffdneedle\ufffd " + strings.Repeat("ö", 65) + "…"
	if p := hit.Places[1]; p.Step != "/alerts[needle]/alert" || p.Snippet != want {
		t.Errorf("the body: %q\nwant %q", p.Snippet, want)
	}
	if want := aRun("", "sync"); hit.Job != want.Job || hit.Status != engine.OK || hit.Trigger != want.Trigger || !hit.Started.Equal(want.Started) {
		t.Errorf("the run: %+v", hit)
	}
}
