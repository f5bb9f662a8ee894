package exchange

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date, which is held against the server's own
// Date so that clocks need not agree. Asked is false where there is none, or none that can be understood.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, asked bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, ok := wholeSeconds(value); ok {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0), true
}

// wholeSeconds reads a number of seconds; what is longer than a Duration can be counts as its longest.
func wholeSeconds(text string) (int64, bool) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return min(max(seconds, 0), int64(math.MaxInt64/time.Second)), true
}
