package sandbox

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// faults are the faults that are there, with what each has counted.
type faults struct {
	mu     sync.Mutex
	active []*counted
}

type counted struct {
	Fault
	count int
}

// Inject adds a fault. Where several hit one request, the one that was added first does.
func (s *Server) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = append(s.faults.active, &counted{Fault: f})
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = nil
}

// next counts a request with every fault it fits, and gives the first that hits it.
func (f *faults) next(r *http.Request) (hit Fault, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.active {
		if !c.fits(r) {
			continue
		}
		c.count++
		if !ok && c.hits(c.count) {
			hit, ok = c.Fault, true
		}
	}
	return hit, ok
}

// withFaults answers the requests that a fault hits, and passes on the others. Control requests never go wrong.
func (s *Server) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var fault Fault
		hit := false
		if !isControl(r) {
			fault, hit = s.faults.next(r)
		}
		switch {
		case !hit, fault.Kind == Slow && fault.wait(r):
			next.ServeHTTP(w, r)
			return
		case fault.Kind == NoLifetime:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), noLifetime{}, true)))
			return
		case fault.Kind == Lost:
			next.ServeHTTP(nobody{http.Header{}}, r)
		case fault.Kind == Expired:
			s.tokens.revokeBearer(r)
		case fault.Kind == Redirect && fault.To == "":
			fault.To = s.away
		}
		fault.answer(w, r)
	})
}

// nobody takes an answer that does not arrive.
type nobody struct{ header http.Header }

func (n nobody) Header() http.Header { return n.header }

func (nobody) Write(body []byte) (int, error) { return len(body), nil }

func (nobody) WriteHeader(int) {}

// wait says whether the client was still there after the delay.
func (f Fault) wait(r *http.Request) bool {
	delay := f.Delay
	if delay == 0 {
		delay = 2 * time.Second
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (f Fault) answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxPayload)) // as a server that read the request and then went wrong
	switch f.Kind {
	case Expired:
		unauthenticated(w)
	case Limited:
		f.limit(w)
	case Unavailable:
		f.unavailable(w)
	case Hibernating:
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_, _ = io.WriteString(w, hibernating)
	case Cut:
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Content-Length", "4096")
		_, _ = io.WriteString(w, `{"result":[{"sys_id":"`)
		_ = http.NewResponseController(w).Flush() // else the abort takes back what was written
		panic(http.ErrAbortHandler)
	case Redirect:
		f.redirect(w, r)
	case Drop, Lost, Slow: // Slow: nobody waits for the answer any more
		panic(http.ErrAbortHandler)
	default:
		problem(w, http.StatusInternalServerError, "unknown_fault", "the sandbox has no fault of the kind "+string(f.Kind))
	}
}

func (f Fault) limit(w http.ResponseWriter) {
	after := f.RetryAfter
	if after == 0 {
		after = time.Second
	}
	header := w.Header()
	header.Set("Retry-After", seconds(after))
	header.Set("X-RateLimit-Limit", "100")
	header.Set("X-RateLimit-Remaining", "0")
	header.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(after).Unix(), 10))
	failure(w, http.StatusTooManyRequests, "Rate limit exceeded",
		"Rejected by the rate limit rule of this instance. Retry after "+seconds(after)+" seconds.")
}

func (f Fault) redirect(w http.ResponseWriter, r *http.Request) {
	to, err := url.Parse(f.To)
	if err != nil || to.Host == "" {
		problem(w, http.StatusInternalServerError, "unknown_fault", "this sandbox has no other port: give the fault a `to`")
		return
	}
	if to.Path == "" {
		to.Path, to.RawQuery = r.URL.Path, r.URL.RawQuery
	}
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func (f Fault) unavailable(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", seconds(f.RetryAfter))
	}
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, "<html><body><h1>503 Service Unavailable</h1></body></html>\n")
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

func isControl(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/sandbox/") }

const hibernating = `<!DOCTYPE html>
<html lang="en">
<head><title>Instance Hibernating page</title></head>
<body>
<h1>Your instance is hibernating</h1>
<p>Sign in to the developer site to wake it.</p>
</body>
</html>
`
