// Package steptest helps to test kinds of steps: a server that answers by a script, clients that sign in nowhere,
// expressions without a language, and a way to run a kind.
package steptest

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Answer is one answer of a Server. The zero value is 200 with an empty body.
type Answer struct {
	Status int         // 200 when 0
	Header http.Header // may be nil
	Body   string
	// Chunked leaves the Content-Length out.
	Chunked bool
	// Cut sends the header for the whole body but only half of the body, then breaks the connection.
	Cut bool
	// Drop closes the connection before a byte is sent.
	Drop bool
	// Reset breaks the connection before a byte is sent, so that the client hears of a reset.
	Reset bool
	// RetryAt is how long after the answer the date in its Retry-After is; none when 0.
	RetryAt time.Duration
	// Stall sends the header and half of the body, then nothing until the client gives up.
	Stall bool
	// Silent sends nothing at all until the client gives up.
	Silent bool
	// Times is how often the answer is given, once when 0, without end when negative.
	Times int
}

// JSON is an answer of 200 with a JSON body.
func JSON(body string) Answer {
	return Answer{Header: Header("Content-Type", "application/json"), Body: body}
}

// Text is an answer with a status and a plain text body.
func Text(status int, body string) Answer {
	return Answer{Status: status, Header: Header("Content-Type", "text/plain; charset=utf-8"), Body: body}
}

// TooMany is an answer of 429 that asks to wait so long, in whole seconds.
func TooMany(wait time.Duration) Answer {
	a := Text(http.StatusTooManyRequests, "too many requests")
	a.Header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	return a
}

// TooManyUntil is TooMany that names a date in place of seconds.
func TooManyUntil(wait time.Duration) Answer {
	a := Text(http.StatusTooManyRequests, "too many requests")
	a.RetryAt = wait
	return a
}

// RateLimit is a header that tells a limit, what is left of it, and when it begins anew, in whole seconds since 1970.
func RateLimit(limit, remaining int, reset time.Time) http.Header {
	return Header("X-Ratelimit-Limit", strconv.Itoa(limit), "X-Ratelimit-Remaining", strconv.Itoa(remaining),
		"X-Ratelimit-Reset", strconv.FormatInt(reset.Add(time.Second-1).Unix(), 10))
}

// Header makes a header of name, value, name, value …
func Header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// Request is a request that a Server got.
type Request struct {
	Method string
	Path   string // as it was sent, still escaped
	Raw    string // the query as it was sent
	Query  url.Values
	Host   string
	Header http.Header
	Body   string
	Length int64 // Content-Length, -1 when there was none
}

// Server answers by a script: each path has its answers, given in order. A request that the script does not know fails
// the test and gets 500.
type Server struct {
	URL string // without a slash at the end

	t        testing.TB
	mu       sync.Mutex
	script   map[string][]Answer
	requests []Request
	http     *httptest.Server
}

// NewServer starts a server on loopback. It is stopped when the test ends.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, script: map[string][]Answer{}}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	t.Cleanup(s.http.Close)
	return s
}

// On adds answers for a path, such as "/items" or, for one method only, "POST /items".
func (s *Server) On(route string, answers ...Answer) *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[route] = append(s.script[route], answers...)
	return s
}

// Requests gives the requests so far, in the order they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Last gives the latest request, and fails the test when there was none.
func (s *Server) Last() Request {
	s.t.Helper()
	all := s.Requests()
	if len(all) == 0 {
		s.t.Fatal("steptest: no request came")
	}
	return all[len(all)-1]
}

// ServeHTTP gives the next answer of the request's path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, Request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.URL.Query(), r.Host, r.Header.Clone(), string(body), r.ContentLength})
	a, known := s.next(r.Method+" "+r.URL.Path, r.URL.Path)
	s.mu.Unlock()
	if !known {
		s.t.Errorf("steptest: the script has no answer left for %s %s", r.Method, r.URL.Path)
		http.Error(w, "no answer in the script", http.StatusInternalServerError)
		return
	}
	a.write(w, r)
}

// next takes the next answer from the first route that has one.
func (s *Server) next(routes ...string) (Answer, bool) {
	for _, route := range routes {
		left := s.script[route]
		if len(left) == 0 {
			continue
		}
		a := left[0]
		switch {
		case a.Times < 0:
		case a.Times > 1:
			left[0].Times--
		default:
			s.script[route] = left[1:]
		}
		return a, true
	}
	return Answer{}, false
}

func (a Answer) write(w http.ResponseWriter, r *http.Request) {
	if a.Drop {
		panic(http.ErrAbortHandler)
	}
	if a.Reset {
		reset(w)
	}
	if a.Silent {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if a.RetryAt > 0 {
		now := time.Now().UTC()
		w.Header().Set("Date", now.Format(http.TimeFormat))
		w.Header().Set("Retry-After", now.Add(a.RetryAt).Format(http.TimeFormat))
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	if !a.Chunked && r.Method != http.MethodHead && a.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
	if !a.Cut && !a.Stall {
		io.Copy(w, strings.NewReader(a.Body))
		return
	}
	io.WriteString(w, a.Body[:len(a.Body)/2])
	http.NewResponseController(w).Flush()
	if a.Stall {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// reset ends the connection without a farewell: what is left to be sent or read is thrown away.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
	panic(http.ErrAbortHandler)
}

// Refusing is an address at which nobody listens: a port that a program needs special rights for, and that none uses.
const Refusing = "http://127.0.0.1:1"
