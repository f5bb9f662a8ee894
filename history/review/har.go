package review

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"snrun/engine"
	"snrun/history"
	"snrun/history/words"
	"snrun/steps"
)

// harExport writes requests and answers as an HTTP Archive 1.2, as browsers read it. A run is a page there.
type harExport struct {
	*pieces
	store *history.Store
	by    Export
	pages []harPage
	some  bool
}

func (x *harExport) begin() {
	x.json(`{"log":{"version":"1.2","creator":`, map[string]string{"name": x.by.Program, "version": x.by.Version})
	x.write(`,"entries":[`)
}

func (x *harExport) run(run *engine.Run) error {
	x.pages = append(x.pages, harPage{
		ID: run.ID, Started: harTime(cmp.Or(run.Started, run.Due)), Title: run.Job + " " + run.ID + ": " + string(run.Status),
		Timings: map[string]int{"onContentLoad": -1, "onLoad": -1},
	})
	return x.store.EachExchange(run.ID, history.ExchangeFilter{}, func(e history.Exchange) error {
		return x.json(separator(&x.some), newHAREntry(run.ID, e))
	})
}

func (x *harExport) end() {
	x.write("\n],\"pages\":[")
	some := false
	for _, p := range x.pages {
		x.json(separator(&some), p)
	}
	x.write("\n]}}\n")
}

type harPage struct {
	ID      string         `json:"id"`
	Started string         `json:"startedDateTime"`
	Title   string         `json:"title"`
	Timings map[string]int `json:"pageTimings"`
}

// harEntry is a request with its answer. Times are milliseconds; -1 says that something is not known.
type harEntry struct {
	Page     string         `json:"pageref"`
	Started  string         `json:"startedDateTime"`
	Time     float64        `json:"time"`
	Request  harRequest     `json:"request"`
	Response harResponse    `json:"response"`
	Cache    map[string]any `json:"cache"`
	Timings  harTimings     `json:"timings"`
	Comment  string         `json:"comment"`
	Step     string         `json:"_step"`
	Attempt  int            `json:"_attempt"`
	Error    string         `json:"_error,omitempty"`
}

type harRequest struct {
	Method      string     `json:"method"`
	URL         string     `json:"url"`
	Version     string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Query       []harPair  `json:"queryString"`
	Body        *harPosted `json:"postData,omitempty"`
	HeadersSize int64      `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
}

type harResponse struct {
	Status      int        `json:"status"`
	Text        string     `json:"statusText"`
	Version     string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int64      `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harPosted struct {
	Type    string `json:"mimeType"`
	Text    string `json:"text"`
	Comment string `json:"comment,omitempty"`
}

type harContent struct {
	Size     int64  `json:"size"`
	Type     string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type harTimings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	SSL     float64 `json:"ssl"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// httpVersion stands where the history does not say which version of HTTP was spoken.
const httpVersion = "unknown"

func newHAREntry(run string, e history.Exchange) harEntry {
	timings := harTimingsOf(e.Exchange)
	entry := harEntry{
		Page: run, Started: harTime(e.Started), Time: timings.sum(), Timings: timings, Cache: map[string]any{},
		Comment: fmt.Sprintf("%s, try %d", words.InLine(strings.TrimPrefix(e.StepKey, "/")), e.Attempt),
		Step:    e.StepKey, Attempt: e.Attempt, Error: e.Error,
		Request: harRequest{
			Method: e.Method, URL: e.URL, Version: httpVersion, Cookies: []harPair{}, Headers: harHeaders(e.Request.Header),
			Query: harQuery(e.URL), Body: harPostedOf(e.Request), HeadersSize: -1, BodySize: e.Request.Size,
		},
		Response: harResponse{
			Status: e.Status, Text: http.StatusText(e.Status), Version: httpVersion, Cookies: []harPair{}, Headers: harHeaders(e.Response.Header),
			Content: harContentOf(e.Response), RedirectURL: e.Response.Header.Get("Location"), HeadersSize: -1, BodySize: -1,
		},
	}
	if e.Page > 0 {
		entry.Comment += fmt.Sprintf(", page %d", e.Page)
	}
	return entry
}

// harTime is a time as archives have it.
func harTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// harTimingsOf tells apart what the history knows: the connection, the time until the first byte, the rest. Those that are known add
// up to the whole.
func harTimingsOf(x steps.Exchange) harTimings {
	ms := func(d time.Duration) float64 { return float64(max(0, d).Microseconds()) / 1000 }
	t := harTimings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1}
	rest := max(0, x.Duration)
	if x.Connect > 0 {
		t.Connect = ms(min(x.Connect, rest))
		rest -= min(x.Connect, rest)
	}
	wait := min(max(0, x.FirstByte), rest)
	if x.Status == 0 {
		wait = rest // nothing came
	}
	t.Wait, t.Receive = ms(wait), ms(rest-wait)
	return t
}

func (t harTimings) sum() float64 { return max(0, t.Connect) + t.Send + t.Wait + t.Receive }

func harHeaders(h http.Header) []harPair {
	pairs := []harPair{}
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range h[name] {
			pairs = append(pairs, harPair{name, value})
		}
	}
	return pairs
}

// harQuery gives the parameters of a URL in their order, decoded where they can be.
func harQuery(address string) []harPair {
	pairs := []harPair{}
	_, query, _ := strings.Cut(address, "?")
	query, _, _ = strings.Cut(query, "#")
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, harPair{decodedQuery(name), decodedQuery(value)})
	}
	return pairs
}

func decodedQuery(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil && utf8.ValidString(plain) {
		return plain
	}
	return text
}

// harPostedOf gives the body of a request, nil where it had none.
func harPostedOf(m steps.Message) *harPosted {
	if !hasBody(m) {
		return nil
	}
	p := &harPosted{Type: m.Header.Get("Content-Type"), Comment: keptWords(m)}
	if utf8.Valid(m.Body) {
		p.Text = string(m.Body)
	} else {
		p.Comment = fmt.Sprintf("%s of binary data, left out", words.Size(max(m.Size, int64(len(m.Body)))))
	}
	return p
}

// harContentOf gives the body of an answer.
func harContentOf(m steps.Message) harContent {
	c := harContent{Size: m.Size, Type: cmp.Or(m.Header.Get("Content-Type"), "x-unknown"), Comment: keptWords(m)}
	if len(m.Body) == 0 {
		return c
	}
	text := NewMessage(m)
	c.Text = text.Body
	if text.Base64 != nil {
		c.Text, c.Encoding = base64Of(text.Base64), "base64"
	}
	return c
}

// keptWords says what of a body is missing, "" where nothing is.
func keptWords(m steps.Message) string {
	switch {
	case m.Size <= 0 || m.Size == int64(len(m.Body)) || strings.Contains(string(m.Body), mask):
		return ""
	case len(m.Body) == 0:
		return "not kept"
	}
	return fmt.Sprintf("the first %s of %s", words.Size(int64(len(m.Body))), words.Size(m.Size))
}
