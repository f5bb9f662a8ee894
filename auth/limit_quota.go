package auth

import (
	"net/http"
	"strings"
)

// quota is what an answer says of a limit: what is left of it, and when there is a new one. Either is empty where it does not.
type quota struct{ remaining, reset, header string }

// quotaHeaders are the spellings of a quota in two headers.
var quotaHeaders = [...]struct{ remaining, reset string }{
	{"X-RateLimit-Remaining", "X-RateLimit-Reset"},
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	{"RateLimit-Remaining", "RateLimit-Reset"}, // draft-ietf-httpapi-ratelimit-headers, to the sixth
}

// quotasOf gives the quotas that an answer tells of.
func quotasOf(h http.Header) []quota {
	var all []quota
	for _, q := range quotaHeaders {
		all = append(all, quota{strings.TrimSpace(h.Get(q.remaining)), strings.TrimSpace(h.Get(q.reset)), q.reset})
	}
	return append(all, combined(strings.Join(h.Values("RateLimit"), ","))...)
}

// combined reads the header RateLimit of the later drafts: `limit=10, remaining=0, reset=30` in the seventh, and since then any
// number of quotas by name, `"hour";r=0;t=1800, "day";r=700;t=40000`.
func combined(header string) []quota {
	var all []quota
	for member := range strings.SplitSeq(unquoted(header), ",") {
		for i, part := range strings.Split(member, ";") {
			name, value, assigns := strings.Cut(strings.TrimSpace(part), "=")
			if len(all) == 0 || i == 0 && !assigns {
				all = append(all, quota{header: "RateLimit"})
			}
			q := &all[len(all)-1]
			switch value = strings.TrimSpace(value); strings.ToLower(strings.TrimSpace(name)) {
			case "r", "remaining":
				q.remaining = value
			case "t", "reset":
				q.reset = value
			}
		}
	}
	return all
}

// unquoted leaves out what stands in quotes: the names of quotas, in which separators mean nothing.
func unquoted(header string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(header); i++ {
		switch {
		case header[i] == '"':
			quoted = !quoted
		case quoted && header[i] == '\\':
			i++
		case !quoted:
			b.WriteByte(header[i])
		}
	}
	return b.String()
}
