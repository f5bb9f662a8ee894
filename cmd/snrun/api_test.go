package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"snrun/examples/sandbox"
)

// moving are the parts of documents that say when they were asked for.
var moving = regexp.MustCompile(`"(now|until|since|at|seen)":"[^"]+"`)

// TestAPIAndCommandsSayTheSame holds that what commands print as JSON is, byte for byte, what the API answers: as all of it, or as the list in it.
func TestAPIAndCommandsSayTheSame(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.copyExample("incident_sync.yaml")
	text, err := os.ReadFile(filepath.Join(u.dir, "incident_sync.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	u.write("incident_sync.yaml", strings.Replace(string(text), "*/15 * * * *", "@yearly", 1)) // the next time is the same for both
	u.write("stops.yaml", "version: 1\nschedule: {cron: '@yearly', timezone: Europe/Berlin}\nsteps: [{id: end, fail: '<no> & \"more\"'}]\n")
	u.write("broken.yaml", "version: 1\nsteps: [{lgo: a}]\n")
	u.must(exitOK, "run", "incident_sync")
	u.must(exitOK, "run", "incident_sync", "--input", "priority=2")
	u.must(exitFailed, "run", "stops")
	pages, link := u.ui()
	v := enter(t, link)
	for _, test := range []struct{ command, path, list string }{
		{"history show @last:incident_sync --http --json", "/runs/@last:incident_sync?http=1", ""},
		{"history show @last:incident_sync --step alert --json", "/runs/@last:incident_sync?step=alert", ""},
		{"history show @last --json", "/runs/@last", ""},
		{"history diff @last:incident_sync --json", "/runs/@last:incident_sync/diff", ""},
		{"history export @last", "/runs/@last/export", ""},
		{"history export @last --format har", "/runs/@last/export?format=har", ""},
		{"history export @last --format junit", "/runs/@last/export?format=junit", ""},
		{"history list --json", "/runs", "runs"},
		{"history list --status failed --since 1h --json", "/runs?status=failed&since=1h", "runs"},
		{"history search oncall --json", "/search?text=oncall", "hits"},
		{"history stats incident_sync --json", "/jobs/incident_sync/stats?since=30d", ""},
		{"history audit --json", "/audit", "audit"},
		{"schedule list --json", "/schedules", "jobs"},
		{"schedule why stops --json", "/jobs/stops/slots", "slots"},
		{"auth status --json", "/profiles", "profiles"},
		{"status --json", "/overview", ""},
	} {
		printed := u.must(exitOK, strings.Fields(test.command)...).stdout
		status, _, answered := v.ask(http.MethodGet, "/api/v1"+test.path)
		if status != http.StatusOK {
			t.Errorf("%s gives %d: %s", test.path, status, answered)
			continue
		}
		if test.list != "" {
			var whole map[string]json.RawMessage
			if err := json.Unmarshal([]byte(answered), &whole); err != nil {
				t.Fatal(err)
			}
			answered = string(whole[test.list]) + "\n"
		}
		answered = strings.ReplaceAll(answered, "validate "+u.dir+"/", "validate ") // a command says it from where it stands
		answered = strings.Replace(answered, `,"sign_ins_unknown":null}`, "}", 1)   // a command says so elsewhere
		if got, want := moving.ReplaceAllString(answered, "$1"), moving.ReplaceAllString(printed, "$1"); got != want {
			t.Errorf("%s answers\n%s\nsnrun %s prints\n%s", test.path, got, test.command, want)
		}
		if len(printed) < 4 && test.list != "slots" {
			t.Errorf("snrun %s prints nothing: %s", test.command, printed)
		}
	}
	pages.signal(syscall.SIGINT)
	pages.ends(exitOK)
}
