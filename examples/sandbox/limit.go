package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limit lets only so many requests pass in a window of time, of those whose path begins with Path. Their answers tell of it in
// X-RateLimit-Limit, -Remaining and -Reset (the second in which the next window begins, since 1970); one too many is answered
// by 429 with Retry-After.
type Limit struct {
	Path     string
	Requests int
	Per      time.Duration // of a window; windows begin at its multiples on the clock
	Date     bool          // Retry-After is a date instead of seconds
}

// smsLimit is there unless Options.Limits have one with its path.
func smsLimit() Limit { return Limit{Path: "/sms/", Requests: 20, Per: time.Second} }

// ParseLimit reads a limit from text, PATH:REQUESTS/WINDOW[:date], such as /oncall:100/1m or /sms/:5/1s:date.
func ParseLimit(text string) (Limit, error) {
	var l Limit
	parts := strings.SplitN(text, ":", 3)
	err := errors.New("write PATH:REQUESTS/WINDOW, such as /oncall:100/1m")
	if len(parts) < 2 {
		return l, fmt.Errorf("limit %q: %w", text, err)
	}
	l.Path, l.Date = parts[0], len(parts) == 3
	requests, window, _ := strings.Cut(parts[1], "/")
	n, errNumber := strconv.Atoi(requests)
	per, errWindow := time.ParseDuration(window)
	l.Requests, l.Per = n, per
	switch {
	case !strings.HasPrefix(l.Path, "/"):
		err = fmt.Errorf("the path %q does not begin with a slash; %w", l.Path, err)
	case l.Date && parts[2] != "date":
		err = fmt.Errorf("there is no setting %q (there is date); %w", parts[2], err)
	case errNumber == nil && n > 0 && errWindow == nil && per > 0:
		return l, nil
	}
	return Limit{}, fmt.Errorf("limit %q: %w", text, err)
}

// windows count the requests under a limit.
type windows struct {
	Limit
	mu    sync.Mutex
	until time.Time // the end of the window
	left  int
}

func newWindows(limits []Limit) []*windows {
	if !slices.ContainsFunc(limits, func(l Limit) bool { return l.Path == smsLimit().Path }) {
		limits = append(slices.Clip(limits), smsLimit())
	}
	all := make([]*windows, len(limits))
	for i, l := range limits {
		all[i] = &windows{Limit: l}
	}
	return all
}

// take takes a request from the window of a time. It says how many are left and when there will be others.
func (w *windows) take(now time.Time) (left int, until time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !now.Before(w.until) {
		w.until, w.left = now.Truncate(w.Per).Add(w.Per), w.Requests
	}
	if w.left == 0 {
		return 0, w.until, false
	}
	w.left--
	return w.left, w.until, true
}

// withLimits passes on the requests that no limit holds up. Control requests know no limits.
func (s *Server) withLimits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, limit := range s.limits {
			if isControl(r) || !strings.HasPrefix(r.URL.Path, limit.Path) {
				continue
			}
			now := time.Now()
			left, until, ok := limit.take(now)
			header := w.Header()
			header.Set("X-RateLimit-Limit", strconv.Itoa(limit.Requests))
			header.Set("X-RateLimit-Remaining", strconv.Itoa(left))
			header.Set("X-RateLimit-Reset", strconv.FormatInt(wholeSecond(until).Unix(), 10))
			if !ok {
				limit.refuse(w, now, until)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (w *windows) refuse(rw http.ResponseWriter, now, until time.Time) {
	after := seconds(until.Sub(now))
	if w.Date {
		after = wholeSecond(until).UTC().Format(http.TimeFormat)
	}
	rw.Header().Set("Retry-After", after)
	problem(rw, http.StatusTooManyRequests, "rate_limited", fmt.Sprintf("%d requests in %s are enough", w.Requests, w.Per))
}

// wholeSecond gives the first whole second that is not before a time.
func wholeSecond(t time.Time) time.Time { return t.Add(time.Second - 1).Truncate(time.Second) }
