package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"snrun/engine/daemon"
	"snrun/history/review"
	"snrun/history/words"
)

// pageSecrets are those of the nasty secrets that HTML, a page's own cleaning or a line's end change most: each costs a while.
var pageSecrets = [...]string{"CONTROLS", "MARKUP", "QUOTES", "TWO_LINES"}

// wordOfAnn is a password that must be escaped nearly everywhere.
const wordOfAnn = `ann's "word" <&> a+b/c==`

// lonely is a secret that nothing else knows than a profile which it makes of no use.
const lonely = "lonely <of> a 'profile'"

// pageProfiles are sign-ins that work, that are refused by who repeats what he was sent, and that cannot be used.
func pageProfiles(m *mirror) string {
	var b strings.Builder
	b.WriteString("version: 1\nprofiles:\n  open: {base_url: " + m.URL + "}\n")
	for _, name := range pageSecrets {
		low := strings.ToLower(name)
		for kind, text := range map[string]string{
			"works":   `base_url: URL, test_path: /echo, auth: {type: oauth2, grant: client_credentials, token_url: /token, client_id: me, client_secret: "${secret.NAME}", client_auth: body}`,
			"refused": `base_url: URL, auth: {type: oauth2, grant: password, token_url: "/refuse?k=x", client_id: me, client_secret: of-the-client, client_auth: body, username: ann, password: "${secret.NAME}"}`,
			"number":  `base_url: URL, auth: {type: bearer, token: "${int(secret.NAME)}"}`,
			"parsed":  `base_url: URL, auth: {type: bearer, token: "${fromJSON(secret.NAME)}"}`,
			"header":  `base_url: URL, auth: {type: bearer, token: "${secret.NAME}"}`,
			"address": `base_url: "${secret.NAME}"`,
			"port":    `base_url: "http://127.0.0.1:${secret.NAME}/"`,
		} {
			fmt.Fprintf(&b, "  %s_%s: {%s}\n", kind, low, strings.NewReplacer("NAME", name, "URL", m.URL).Replace(text))
		}
	}
	b.WriteString("  lonely: {base_url: \"${secret.LONELY}\"}\n")
	return b.String()
}

// pageJob has secrets in what pages show of a run: requests, answers, keys of items, errors, messages, values.
func pageJob() string {
	var b strings.Builder
	b.WriteString("version: 1\ndescription: brings secrets to pages\nschedule: {cron: \"@yearly\"}\ninputs:\n  note: {type: string, default: none}\nsteps:\n")
	for _, name := range pageSecrets {
		for i, way := range []string{
			`log: "${secret.NAME} <b>${secret.NAME}</b> ${toJSON(toJSON([secret.NAME]))}"`,
			`set: {plain: "${secret.NAME}", "k": ["${upper(secret.NAME)}"]}`,
			`rest: {profile: open, path: /refuse, method: POST, query: {k: "${secret.NAME}"}, headers: {X-Given: "${urlEncode(secret.NAME)}"}, json: {k: "${secret.NAME}"}}`,
			`rest: {profile: open, path: /page, method: POST, body: "before ${secret.NAME} after"}`,
			`rest: {profile: works_LOWER, path: /echo}`,
			`rest: {profile: refused_LOWER, path: /echo}`,
			`foreach: {in: ["${secret.NAME}", other], key: "${item}", tolerate: all, steps: [{fail: "no ${item}"}]}`,
		} {
			way = strings.NewReplacer("NAME", name, "LOWER", strings.ToLower(name)).Replace(way)
			fmt.Fprintf(&b, "  - id: way_%s_%d\n    try:\n      - %s\n    catch:\n      - steps: [{log: \"${error.message}\"}]\n", strings.ToLower(name), i, way)
		}
	}
	b.WriteString("  - id: last\n    rest: {profile: open, path: /refuse, method: POST, json: {note: \"${inputs.note}\"")
	for _, name := range pageSecrets {
		fmt.Fprintf(&b, ", %s: \"${secret.%s}\"", name, name)
	}
	return b.String() + "}}\n"
}

// looker is somebody who looks at pages and keeps all that is shown: also as a browser reads it, and without marks.
type looker struct {
	*caller
	kept *writings
}

var (
	tags  = regexp.MustCompile(`<[^>]*>`)
	hrefs = regexp.MustCompile(`(?:href|action)="(/[^"]*)"`)
	keys  = regexp.MustCompile(`key=([\w-]{20,})`)
)

// asks sends a request with a body of a kind, and gives the status and the answer.
func (l *looker) asks(method, path, kind, body string) (int, string) {
	l.t.Helper()
	req, err := http.NewRequest(method, l.address+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := l.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		l.cookies = append(l.cookies, c.Value)
	}
	resp.Header.Del("Set-Cookie")
	plain := html.UnescapeString(string(text))
	l.kept.keep([]byte(fmt.Sprintln(resp.Header)), text, []byte(plain), []byte(html.UnescapeString(tags.ReplaceAllString(string(text), ""))))
	return resp.StatusCode, string(text)
}

// sends sends a form.
func (l *looker) sends(path string, form ...string) (int, string) {
	l.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return l.asks(http.MethodPost, path, "application/x-www-form-urlencoded", values.Encode())
}

// walks looks at all pages that pages lead to, but for more than some of each kind.
func (l *looker) walks(most int) map[string]int {
	seen, kinds := map[string]int{}, map[string]int{}
	for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
		path := todo[0]
		kind := runPart.ReplaceAllString(strings.SplitN(path, "=", 3)[0], "/ID")
		if tab := tabPart.FindString(path); tab != "" {
			kind += tab
		}
		if _, was := seen[path]; was || kinds[kind] >= most {
			continue
		}
		kinds[kind]++
		status, text := l.asks(http.MethodGet, path, "", "")
		seen[path] = status
		for _, m := range hrefs.FindAllStringSubmatch(text, -1) {
			to, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			if !strings.HasPrefix(to, "/static") && to != "/leave" {
				todo = append(todo, to)
			}
		}
	}
	return seen
}

// exports looks at a run in all formats for other programs, as the command and the API give it. Each must be one that those can read.
func (l *looker) exports(run string, u *user) {
	l.t.Helper()
	for _, format := range review.Formats() {
		status, sent := l.asks("GET", "/api/v1/runs/"+run+"/export?format="+format, "", "")
		if status != 200 {
			l.t.Errorf("the export as %s gives %d: %.300s", format, status, sent)
		}
		printed := u.must(exitOK, "history", "export", run, "--format", format).stdout
		l.kept.keep([]byte(html.UnescapeString(printed)))
		for _, text := range []string{sent, printed} {
			if err := readable(format, text); err != nil || strings.Count(text, "***") < 10 {
				l.t.Errorf("the export as %s cannot be read, or masks little: %v\n%.200s", format, err, text)
			}
		}
	}
}

// readable says what keeps other programs from reading an export.
func readable(format, text string) error {
	if format != "junit" {
		var v any
		return json.Unmarshal([]byte(text), &v)
	}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

var (
	runPart = regexp.MustCompile(`/[0-9a-z]{11,}`)
	tabPart = regexp.MustCompile(`tab=\w+`)
)

// TestPagesShowNoSecret looks at all that pages, the API and commands show of runs and sign-ins that have secrets everywhere, while nobody runs any
// more and the secrets of the runs are forgotten. Nothing of them shows, nor of what lets people in.
func TestPagesShowNoSecret(t *testing.T) {
	t.Parallel()
	u, m := secretive(t)
	u.environ = append(u.environ, "SNRUN_KEY="+storeKey, secretVariable+"ANN="+wordOfAnn, secretVariable+"LONELY="+lonely)
	u.write("snrun.yaml", "version: 1\njobs: jobs\ndatabase: runs.db\nserver:\n  access: [{name: ann, role: operator, password: \"${secret.ANN}\"}]\n")
	u.write("profiles.yaml", pageProfiles(m))
	u.write("jobs/asks.yaml", pageJob())
	u.write("jobs/unfit.yaml", "version: 1\nsteps: [{rest: {profile: lonely, path: /}}]\n")
	s := u.serve(nil, "--listen", "127.0.0.1:0", "--log-level", "debug")
	ready := s.sees("ready", "socket")
	address := "http://" + wordBehind(ready, "address")
	l := &looker{callerAt(t, http.DefaultClient, address), u.written}
	link, err := daemon.NewClient(wordBehind(ready, "socket")).Link(t.Context(), "operator", "root")
	if err != nil {
		t.Fatal(err)
	}
	key := keys.FindStringSubmatch(link)[1]
	for _, how := range [][2]string{{"ann", wordOfAnn + "x"}, {wordOfAnn, "x"}, {"ann", wordOfAnn}} {
		l.sends("/login", "name", how[0], "password", how[1], "to", "/runs")
	}
	l.asks("GET", "/enter?key="+key, "", "")
	l.asks("GET", "/enter?key="+key, "", "")
	for range 2 {
		if status, text := l.sends("/jobs/asks/run", "input.note", "nothing"); status != 303 {
			t.Fatalf("the job is not run: %d\n%s", status, text)
		}
		s.sees("run ended")
	}
	l.sends("/jobs/unfit/run")
	s.sees("run ended")
	for _, name := range pageSecrets {
		if status, _ := l.sends("/jobs/asks/run", "input.note", nasty[name]); status != 422 {
			t.Errorf("a run with the secret %s as its input gives %d", name, status)
		}
		l.asks("POST", "/api/v1/jobs/asks/run", "application/json", object("inputs", map[string]any{"note": "it is " + nasty[name]}))
		for _, kind := range []string{"works", "refused", "number", "parsed", "header", "address", "port"} {
			profile := "/profiles/" + kind + "_" + strings.ToLower(name)
			if kind == "works" || kind == "refused" || kind == "number" {
				l.sends(profile + "/test")
				l.sends(profile + "/reset")
			}
			l.asks("POST", "/api/v1"+profile+"/test", "application/json", "")
		}
	}
	l.sends("/profiles/lonely/test")
	l.asks("POST", "/api/v1/profiles/lonely/reset", "application/json", "")
	l.sends("/jobs/asks/pause", "why", strings.Repeat("-", 995)+wordOfAnn)
	l.asks("GET", "/runs?text="+url.QueryEscape(wordOfAnn), "", "")
	l.asks("GET", "/jobs/asks?x="+url.QueryEscape(wordOfAnn), "", "")
	l.asks("GET", "/nothing/"+url.PathEscape(wordOfAnn), "", "")
	l.asks("GET", "/api/v1/runs?"+url.Values{"text": {wordOfAnn}, "job": {wordOfAnn}, wordOfAnn: {"x"}}.Encode(), "", "")
	l.sends("/runs/bulk", "action", wordOfAnn, "run", wordOfAnn)
	l.sends("/runs/bulk", "action", "resume", "run", wordOfAnn)
	l.sends("/runs/"+url.PathEscape(wordOfAnn)+"/resume", "assume", wordOfAnn)
	runs := u.history()
	seen := l.walks(2)
	for _, path := range []string{"/", "/runs", "/jobs/asks", "/schedules", "/profiles", "/system"} {
		if seen[path] != 200 {
			t.Errorf("%s was not looked at: %d", path, seen[path])
		}
	}
	run := "/runs/" + runs[1].ID
	for _, path := range []string{
		"/overview", "/jobs", "/jobs/asks", "/jobs/asks/stats", "/jobs/asks/slots", "/schedules", "/profiles", "/system", "/daemons", "/audit", "/runs",
		run + "?http=1", run + "/steps", run + "/exchanges", run + "/timeline", run + "/diff?with=" + runs[2].ID, "/search?text=before", "/search?text=said",
		"/runs?text=way", "/openapi.yaml", "/openapi.json",
	} {
		if status, text := l.asks("GET", "/api/v1"+path, "", ""); status != 200 {
			t.Errorf("%s gives %d: %.300s", path, status, text)
		}
	}
	for _, tab := range []string{"steps", "exchanges", "diff", "inputs", "log", "job", "exchanges&page=2", "exchanges&page=3"} {
		if status, text := l.asks("GET", run+"?tab="+tab, "", ""); status != 200 {
			t.Errorf("%s gives %d: %.300s", tab, status, text)
		}
	}
	for _, args := range [][]string{
		{"status"}, {"history", "search", "before"}, {"history", "search", "said", "--json"}, {"history", "diff", runs[1].ID, runs[2].ID, "--json"},
		{"history", "stats", "asks"}, {"history", "audit"},
	} {
		u.run(args...)
	}
	secrets := slices.Concat(hidden(m), []string{wordOfAnn, lonely, storeKey, key}, l.cookies)
	for _, secret := range nasty { // what a page makes of them
		if shown := words.Clean(secret); shown != secret {
			secrets = append(secrets, shown)
		}
	}
	l.exports(runs[1].ID, u)
	u.checkHidden(secrets) // in the journals of the database too
	s.signal(syscall.SIGTERM)
	log := s.ends(exitOK)
	u.checkHidden(secrets)
	reportFinds(t, "the log", []byte(log), disguisesOf(secrets), 0)
	if n := strings.Count(u.written.String(), "***"); n < 100 || len(l.cookies) < 2 {
		t.Errorf("only %d were masked, %d cookies set; pages: %v", n, len(l.cookies), slices.Sorted(maps.Keys(seen)))
	}
}
