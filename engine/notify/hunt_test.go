package notify_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/engine"
	"snrun/engine/notify"
	"snrun/history"
	"snrun/steps"
	"snrun/steps/steptest"
)

// TestSecretsStayHidden hunts secrets: one in the error of a run, and those in the addresses and headers of targets that quote them in their
// answers. None is in the log, in the files of the history, or in a notice.
func TestSecretsStayHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s, err := history.Open(filepath.Join(dir, "runs.db"), history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		secrets := map[string]any{"HOOK": "http://hooks.example.com/services/T4711/hook-secret-1", "KEY": "key-secret-2"}
		redactor := auth.NewRedactor()
		redactor.Add("pass-secret-3")
		var log, sent bytes.Buffer
		var mu sync.Mutex // of sent
		c := configOf(t, s, targetsOf(t, `
  - {type: webhook, url: "${secret.HOOK}?x=1", headers: {X-Key: "${secret.KEY}"}}
  - {type: slack, url: "${secret.HOOK}/slack"}
  - {type: ping, url: "${secret.HOOK}/ping"}
  - {type: slack, name: broken, url: "${secret.HOOK}%zz"}
`, "", secrets))
		c.Redactor, c.Log = redactor, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		over(c.Targets, steptest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			_, _ = sent.ReadFrom(r.Body)
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, "Cannot %s %s with %s", r.Method, r.URL.Path, r.Header.Get("X-Key"))
		})))
		n := notify.New(c)
		stop := running(t, n)
		run := ran(t, s, "r1", "sync", engine.Failed)
		run.Error = &steps.Error{Kind: steps.Auth, Message: "no token for pass-secret-3", Hint: "not pass-secret-3", Profile: "erp"}
		end(n, run, false)
		n.Scheduled(scheduledLate("missed pass-secret-3"))
		time.Sleep(time.Minute)
		stop()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		hunted := map[string]string{"the log": log.String(), "what was sent": sent.String()}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if text, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil {
				hunted[f.Name()] = string(text)
			}
		}
		for place, text := range hunted {
			for _, secret := range []string{"hook-secret-1", "key-secret-2", "pass-secret-3", "T4711"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds %s", place, secret)
				}
			}
		}
		for want, place := range map[string]string{"no token for ***": "what was sent", "missed ***": "runs.db"} {
			if !strings.Contains(hunted[place], want) {
				t.Errorf("%q is not in %s", want, place)
			}
		}
		if !strings.Contains(log.String(), "answer 404 Not Found: Cannot POST ***") {
			t.Errorf("the log does not tell what is wrong:\n%s", log.String())
		}
	})
}
