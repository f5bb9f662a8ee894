package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"snrun/examples/sandbox"
	"snrun/history"
)

// TestWhatLooksBackSteersNoTerminal has a run bring what steers a terminal from a job, from a server and from a person: no command that looks at
// the history writes any of it.
func TestWhatLooksBackSteersNoTerminal(t *testing.T) {
	t.Parallel()
	const steers = "\u202e\u2066\x1b\a\u009b\u2028\x7f\r"
	text := "needle " + steers + "[2J]0;x"
	u := newUser(t, sandbox.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Note", "needle \u202e\u009b")
		w.WriteHeader(http.StatusUnprocessableEntity)
		w.Write([]byte(`{"error": {"message": ` + jsonOf(text) + `}, ` + jsonOf(text) + `: 1, "plain": "` + text + `"}`))
	}))
	t.Cleanup(server.Close)
	quoted := strings.ReplaceAll(strconv.QuoteToASCII(text), `\u009b`, `\x9b`)
	u.write("evil.yaml", "version: 1\ndescription: "+quoted+"\ninputs: {a: {type: string, default: "+quoted+"}}\nsteps:\n  - {id: says, name: "+quoted+", log: "+quoted+"}\n"+
		"  - id: each\n    foreach: {in: ["+quoted+", other], key: '${item}', tolerate: all, steps: [{id: bad, fail: "+quoted+"}]}\n"+
		"  - id: asks\n    rest: {url: '"+server.URL+"/x', method: POST, query: {q: "+quoted+"}, body: "+quoted+"}\n    retry: none\n")
	u.run("run", "evil")
	u.run("run", "evil", "-i", "a=other")
	u.must(exitOK, "schedule", "pause", "evil", "--why", text)
	store, err := history.Open(filepath.Join(u.dir, "runs.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Audit(history.Audit{At: time.Now(), Who: text, Role: text, Origin: text, Action: text, Subject: "run:" + text, Outcome: text, Detail: text})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	runs := u.history()
	for _, args := range [][]string{
		{"history", "list"}, {"history", "list", "--text", text}, {"history", "show", "@last"}, {"history", "show", "@last", "--http"}, {"history", "show", "@last", "--step", text},
		{"history", "show", text}, {"history", "search", "needle"}, {"history", "search", text + "x"}, {"history", "diff", runs[0].ID, runs[1].ID}, {"history", "diff", text, text},
		{"history", "stats", "evil"}, {"history", "stats", text}, {"history", "audit"}, {"history", "audit", "--who", text}, {"status"}, {"schedule", "list"},
		{"history", "list", "--json", text}, {"history", "list", "--json", "--jq", ".[] | error(\"needle \x1b\u202e\")"}, {"history", "list", "--json", "--jq", text},
		{"history", "list", "--since", text, "--status", text, "--trigger", text, "--job", text}, {"ui", text},
	} {
		out := u.run(args...)
		for name, got := range map[string]string{"standard output": out.stdout, "standard error": out.stderr} {
			if i := strings.IndexAny(got, steers); i >= 0 {
				t.Errorf("snrun %q steers on %s: %q", args, name, got[max(0, i-80):min(len(got), i+40)])
			}
		}
	}
}

// jsonOf writes a text as JSON does.
func jsonOf(text string) string { return `"` + jsonText(text) + `"` }
