package auth

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestPause is the longest wait that a profile's requests are held back for. Where a server asks for more they go out, and the
// policy of each step says what to make of the answer.
const longestPause = 10 * time.Minute

// heed has the requests of a profile wait where an answer asks for it.
func (g *gate) heed(resp *http.Response) {
	if wait, why := askedWait(resp, time.Now()); wait > 0 && wait <= longestPause {
		g.pause(time.Now().Add(wait), why)
	}
}

// askedWait is how long an answer asks to make no further requests, and in which words; 0 when it does not.
func askedWait(resp *http.Response, now time.Time) (time.Duration, string) {
	now = serverTime(resp.Header, now)
	if value := resp.Header.Get("Retry-After"); value != "" && aboutAll(resp.StatusCode) {
		if wait, ok := untilRetry(value, now); ok {
			return wait, fmt.Sprintf("the server asked to wait (%d, Retry-After)", resp.StatusCode)
		}
	}
	wait, why := time.Duration(-1), ""
	for _, q := range quotasOf(resp.Header) {
		if !usedUp(resp.StatusCode, q.remaining) {
			continue
		}
		if reset, ok := untilReset(q.reset, now); ok && reset > wait {
			wait, why = reset, "the server's limit is used up ("+q.header+")"
		}
	}
	return max(wait, 0), why
}

// aboutAll says whether Retry-After in an answer of a status is about requests in general. With a redirect, and with work that
// was accepted and is not done, it is about one resource only (RFC 9110 sections 10.2.3 and 15.3.3).
func aboutAll(status int) bool {
	return status != http.StatusCreated && status != http.StatusAccepted && (status < 300 || status >= 400)
}

// usedUp says whether nothing is left of a quota. Some servers only refuse, and say when to come again.
func usedUp(status int, remaining string) bool {
	if remaining == "" {
		return status == http.StatusTooManyRequests
	}
	n, err := strconv.ParseFloat(remaining, 64)
	return err == nil && n <= 0
}

// serverTime is the server's own time, so that its clock and ours need not agree.
func serverTime(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// untilRetry reads Retry-After: seconds, or a date.
func untilRetry(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if wait, ok := secondsOf(value); ok {
		return wait, true
	}
	at, err := http.ParseTime(value)
	return max(0, at.Sub(now)), err == nil
}

// untilReset reads when there is a new quota: in seconds from now, or as a time, written in seconds or milliseconds since 1970 or
// as a date. Nobody's quota lasts the 30 years that tell the two apart.
func untilReset(value string, now time.Time) (time.Duration, bool) {
	const epoch, millis = 1e9, 1e12
	value = strings.TrimSpace(value)
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		switch {
		case n != n || n < 0:
			return 0, false
		case n >= millis:
			return max(0, time.UnixMilli(int64(min(n, 1e15))).Sub(now)), true
		case n >= epoch:
			return max(0, time.UnixMilli(int64(n*1000)).Sub(now)), true
		}
		return secondsOf(value)
	}
	for _, layout := range [...]string{http.TimeFormat, time.RFC1123, time.RFC3339} {
		if at, err := time.Parse(layout, value); err == nil {
			return max(0, at.Sub(now)), true
		}
	}
	return 0, false
}

// secondsOf reads a number of seconds, which may have a fraction. More than a year counts as a year.
func secondsOf(text string) (time.Duration, bool) {
	const year = 365 * 24 * 60 * 60
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && n == 0 || n != n {
		return 0, false
	}
	return time.Duration(min(max(n, 0), year) * float64(time.Second)), true
}
