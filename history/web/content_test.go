package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"snrun/engine"
	"snrun/history"
)

// steering is what turns the direction of writing, or steers a terminal; harmful breaks out of a page besides, of a string of JSON and of a script.
const (
	steering = "\u202e\u2066\x1b\a\u009b\u2028\x7f"
	harmful  = `</script><script>alert(1)</script></textarea></title><b onclick='x'>"'` + "`" + `<i {{.}} ${1} &lt;b&gt; =1+1 ]0;x` + steering
)

// evilRun has what is harmful come from a job, from a server and from a person, wherever that can be.
func evilRun(server string) map[string]string {
	text := strings.ReplaceAll(strconv.QuoteToASCII(strings.ReplaceAll(harmful, "${", "$${")), `\u009b`, `\x9b`)
	return map[string]string{
		"jobs/evil.yaml": "name: evil\ndescription: " + text + "\ninputs: {a: {type: string, default: " + text + ", description: " + text + "}}\nsteps:\n" +
			"  - {id: says, name: " + text + ", log: " + text + "}\n" +
			"  - {id: sets, set: {v: " + text + "}}\n" +
			"  - id: asks\n    rest: {url: '" + server + "/page', method: POST, query: {q: " + text + "}, headers: {X-Own: '<b>&\"'}, body: " + text + ", expect: response.status == 500}\n" +
			"  - id: vector\n    rest: {url: '" + server + "/svg', query: {next: 'javascript:alert(1)'}, accept: text}\n" +
			"  - id: each\n    foreach: {in: [" + text + ", other], key: '${item}', tolerate: all, steps: [{id: bad, fail: " + text + "}]}\n" +
			"  - id: refused\n    rest: {url: '" + server + "/refused'}\n    retry: none\noutput: {o: " + text + "}\n",
	}
}

// evilServer says what is harmful in all places of an answer.
func evilServer(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Note", "<b>\u202e</b></script><script>alert(1)</script>")
		w.Header().Set("Link", "<javascript:alert(1)>; rel=next")
		switch r.URL.Path {
		case "/svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><b>`+harmful+`</b></svg>`)
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, "<html><b>"+harmful)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": harmful, harmful: harmful}})
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// tame says what of a page is not: elements that a text became, links that lead elsewhere, what steers.
func tame(doc *html.Node) (wrong []string) {
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.TextNode && strings.ContainsAny(n.Data, steering):
			wrong = append(wrong, "a text of <"+n.Parent.Data+"> steers: "+strconv.QuoteToASCII(n.Data))
		case n.Type == html.ElementNode && (n.Data == "i" || attr(n, "onclick") != "" || n.Data == "svg" && attr(n, "class") == ""):
			wrong = append(wrong, "a text has become <"+n.Data+">")
		}
		for _, a := range n.Attr {
			if (a.Key == "href" || a.Key == "action" || a.Key == "src") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "?") || strings.HasPrefix(a.Val, "//") {
				wrong = append(wrong, "a link leads to "+a.Val)
			}
			if a.Key != "value" && strings.ContainsAny(a.Val, steering) {
				wrong = append(wrong, a.Key+" steers: "+strconv.QuoteToASCII(a.Val))
			}
		}
	}
	return wrong
}

var (
	oneOfMany = regexp.MustCompile(`/[0-9a-z]{11,}|[a-z0-9]{16,}|%[^&]*`)
	numbers   = regexp.MustCompile(`\d+`)
)

// TestPagesOfAHostileRun follows all links from a run in which everything is harmful: pages show it, and nothing of it has become a part of them.
func TestPagesOfAHostileRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t, evilRun(evilServer(t).URL), houseOptions{})
	first := h.posted("/jobs/evil/run", "")
	h.ended(first)
	run := h.posted("/jobs/evil/run", "input.a="+url.QueryEscape(harmful))
	if r := h.ended(run); r.Status != engine.Failed || r.Error.Status != 422 {
		t.Fatalf("the run ends with %+v", r.Error)
	}
	h.posted("/jobs/evil/pause", "why="+url.QueryEscape(harmful))
	if err := h.store.Audit(history.Audit{At: time.Now(), Who: harmful, Origin: harmful, Action: harmful, Subject: "run:" + harmful, Outcome: harmful, Detail: harmful}); err != nil {
		t.Fatal(err)
	}
	escaped := url.QueryEscape(harmful)
	todo := []string{
		"/", "/runs/" + run, "/runs/" + run + "?tab=diff", "/runs/" + run + "?tab=diff&with=" + first, "/runs?text=alert", "/runs?text=" + escaped, "/runs?job=" + escaped + "&since=" + escaped + "&status=" + escaped + "&trigger=" + escaped,
		"/jobs?text=" + escaped, "/schedules?text=" + escaped, "/runs/" + run + "?tab=" + escaped + "&step=" + escaped + "&page=" + escaped, "/?done=" + escaped,
	}
	seen, kinds := map[string]bool{}, map[string]int{}
	for ; len(todo) > 0; todo = todo[1:] {
		p := todo[0]
		kind := numbers.ReplaceAllString(oneOfMany.ReplaceAllString(p, "X"), "N")
		if seen[p] || kinds[kind] >= 4 {
			continue
		}
		seen[p] = true
		kinds[kind]++
		status, text := h.get(p)
		if status >= http.StatusInternalServerError {
			t.Errorf("%s gives %d:\n%s", p, status, text)
		}
		doc, err := html.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range append(unsound(text, doc), tame(doc)...) {
			t.Errorf("%.60s: %s", p, w)
		}
		for n := range doc.Descendants() {
			if to, _, _ := strings.Cut(attr(n, "href"), "#"); n.Data == "a" && strings.HasPrefix(to, "/") {
				todo = append(todo, to)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only these were looked at: %v", seen)
	}
	for _, tab := range []string{"", "?tab=steps", "?tab=exchanges", "?tab=log", "?tab=job", "?tab=inputs"} {
		h.says("/runs/"+run+tab, "<script>alert(1)</script>")
	}
	checkTold(h, run)
}

// checkTold holds that what programs are told is JSON, and nothing that a browser would take for a page.
func checkTold(h *house, run string) {
	for _, path := range []string{"", "?http=1", "/steps", "/exchanges", "/timeline", "/diff"} {
		resp, err := h.browser.Get(h.server.URL + apiPath + "/runs/" + run + path)
		if err != nil {
			h.t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			h.t.Fatal(err)
		}
		kind := resp.Header.Get("Content-Type")
		if !json.Valid(text) || !strings.HasPrefix(kind, "application/") || resp.Header.Get("X-Content-Type-Options") != "nosniff" || strings.ContainsAny(string(text), "\x1b\a") {
			h.t.Errorf("%s is answered as %s:\n%.300s", path, kind, text)
		}
	}
}
