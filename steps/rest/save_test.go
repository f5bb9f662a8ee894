package rest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/steps"
	"snrun/steps/rest"
	"snrun/steps/steptest"
)

func TestSaveTo(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("\x00pdf", 100_000)
	sum := sha256.Sum256([]byte(content))
	for _, chunked := range []bool{false, true} {
		s := steptest.NewServer(t).On("/f", steptest.Answer{Header: steptest.Header("Content-Type", "application/pdf"), Body: content, Chunked: chunked})
		env := steptest.NewEnv(t)
		writeFile(t, filepath.Join(env.Dir, "out/new/report.pdf"), "old")
		out, err := rest.Kind().Run(t.Context(), under(s, "f", steps.Input{"save_to": "out/new/report.pdf"}), &env.Env)
		if err != nil {
			t.Fatal(err)
		}
		got := out.Value.(map[string]any)
		if got["path"] != "out/new/report.pdf" || got["size"] != len(content) || got["sha256"] != hex.EncodeToString(sum[:]) {
			t.Errorf("output: got %v", got)
		}
		if data, err := os.ReadFile(filepath.Join(env.Dir, "out/new/report.pdf")); err != nil || string(data) != content {
			t.Errorf("file: got %d bytes, %v", len(data), err)
		}
		if x := env.Exchanges()[0]; x.Response.Body != nil || x.Response.Size != int64(len(content)) {
			t.Errorf("history: got a body of %d bytes, size %d", len(x.Response.Body), x.Response.Size)
		}
		if files := filesIn(t, env.Dir); len(files) != 1 {
			t.Errorf("left behind: %v", files)
		}
	}
}

func TestSaveToLeavesNothing(t *testing.T) {
	t.Parallel()
	pdf, html := steptest.Header("Content-Type", "application/pdf"), steptest.Header("Content-Type", "text/html")
	for _, c := range []struct {
		name   string
		answer steptest.Answer
		in     steps.Input
		kind   string
		want   string
	}{
		{"cut", steptest.Answer{Header: pdf, Body: "0123456789", Cut: true}, nil, steps.Network, "broke after 5 of 10 bytes"},
		{"cut in chunks", steptest.Answer{Header: pdf, Body: "0123456789", Cut: true, Chunked: true}, nil, steps.Network, "broke after 5 bytes"},
		{"status", steptest.Answer{Status: 404, Header: steptest.Header("Content-Type", "application/json"), Body: `{"message":"no such file"}`}, nil, steps.Status, "404 Not Found: no such file"},
		{"page", steptest.Answer{Header: html, Body: "<html>hibernating"}, nil, steps.Content, "an HTML page, not a file to save as a.pdf (text/html, 17 bytes): <html>hibernating"},
		{"not json", steptest.Answer{Header: pdf, Body: "x"}, steps.Input{"accept": "json"}, steps.Content, "not JSON"},
		{"expect", steptest.Answer{Header: pdf, Body: "x"}, steps.Input{"expect": steptest.Status(203)}, steps.Expect, "not as expected"},
		{"larger than allowed", steptest.Answer{Header: pdf, Body: strings.Repeat("x", 100)}, steps.Input{"max_body": int64(99)}, steps.Content, "larger than max_body (99 bytes) (application/pdf, 100 bytes)"},
		{"climbing", steptest.Answer{Header: pdf}, steps.Input{"save_to": "out/../../a.pdf"}, steps.BadInput, "climbs out of its folder"},
		{"folder", steptest.Answer{Header: pdf}, steps.Input{"save_to": "."}, steps.BadInput, "is a folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := steptest.NewServer(t).On("/f", c.answer)
			env := steptest.NewEnv(t)
			in := under(s, "f", steps.Input{"save_to": "a.pdf"})
			for k, v := range c.in {
				in[k] = v
			}
			_, err := rest.Kind().Run(t.Context(), in, &env.Env)
			if e := failed(t, err); e.Kind != c.kind || !strings.Contains(e.Message, c.want) {
				t.Errorf("got %s: %s; want %s: … %s", e.Kind, e.Message, c.kind, c.want)
			}
			if files := filesIn(t, env.Dir); len(files) != 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

func TestSaveToUnderANameThatWasTaken(t *testing.T) {
	t.Parallel()
	env := steptest.NewEnv(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		// The file is open under its hidden name by the time that its own name becomes a folder.
		for len(filesIn(t, env.Dir)) == 0 && r.Context().Err() == nil {
			runtime.Gosched()
		}
		if err := os.Mkdir(filepath.Join(env.Dir, "a.pdf"), 0o700); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	_, err := rest.Kind().Run(t.Context(), steps.Input{"url": s.URL, "save_to": "a.pdf", "accept": "bytes"}, &env.Env)
	if e := failed(t, err); e.Kind != steps.BadInput || !strings.Contains(e.Message, "save_to: ") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
	if files := filesIn(t, env.Dir); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestSaveToWhatIsNoFolder(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/f", steptest.Answer{Body: "x"})
	env := steptest.NewEnv(t)
	writeFile(t, filepath.Join(env.Dir, "file"), "")
	_, err := rest.Kind().Run(t.Context(), under(s, "f", steps.Input{"save_to": "file/a.pdf"}), &env.Env)
	if e := failed(t, err); e.Kind != steps.BadInput || !strings.Contains(e.Message, "save_to: ") {
		t.Errorf("got %s: %s", e.Kind, e.Message)
	}
}

func TestSavePageAsPage(t *testing.T) {
	t.Parallel()
	s := steptest.NewServer(t).On("/f", steptest.Answer{Header: steptest.Header("Content-Type", "text/html"), Body: "<html>"})
	if _, err := steptest.Run(t, rest.Kind(), under(s, "f", steps.Input{"save_to": "a.html"})); err != nil {
		t.Error(err)
	}
}

// filesIn lists all files below a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSaveToTakesItsTime holds that what is saved has no limit for the whole: a large file may take hours.
func TestSaveToTakesItsTime(t *testing.T) {
	t.Parallel()
	for saved, want := range map[string]string{"f": "", "": "not done within 5m"} {
		synctest.Test(t, func(t *testing.T) {
			env := steptest.NewEnv(t)
			env.Clients = steptest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				for range 100 {
					_, _ = io.WriteString(w, "x")
					_ = http.NewResponseController(w).Flush()
					select {
					case <-time.After(30 * time.Second):
					case <-r.Context().Done():
						return
					}
				}
			}))
			in := steps.Input{"url": "http://a.example/x"}
			if saved != "" {
				in["save_to"] = saved
			}
			_, err := rest.Kind().Run(t.Context(), in, &env.Env)
			if want == "" && err != nil || want != "" && !strings.HasSuffix(failed(t, err).Message, want) {
				t.Errorf("save_to %q: got %v, want %q", saved, err, want)
			}
		})
	}
}
