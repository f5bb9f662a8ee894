package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const defaultLimit = 10000

// page is the part of a list that was asked for.
type page struct{ limit, offset, total int }

// newPage reads sysparm_limit and sysparm_offset. What is no number, or too small, counts as not sent.
func newPage(r *http.Request, total int) page {
	query := r.URL.Query()
	p := page{limit: defaultLimit, total: total}
	if n, err := strconv.Atoi(query.Get("sysparm_limit")); err == nil && n > 0 {
		p.limit = n
	}
	if n, err := strconv.Atoi(query.Get("sysparm_offset")); err == nil && n > 0 {
		p.offset = n
	}
	return p
}

func (p page) from() int { return min(p.offset, p.total) }

func (p page) to() int { return min(p.from()+min(p.limit, p.total), p.total) }

// describe sets X-Total-Count and, where there are other pages, Link. With sysparm_no_count the instance does not know
// how many records there are, so neither is sent.
func (p page) describe(header http.Header, r *http.Request) {
	query := r.URL.Query()
	if query.Get("sysparm_no_count") == "true" {
		return
	}
	header.Set("X-Total-Count", strconv.Itoa(p.total))
	if p.total > p.limit && query.Get("sysparm_suppress_pagination_header") != "true" {
		header.Set("Link", p.links(r))
	}
}

// links is the Link header, RFC 8288: first, prev, next and last, of which those stay out that lead nowhere.
func (p page) links(r *http.Request) string {
	last := (p.total - 1) / p.limit * p.limit
	links := []string{p.link(r, 0, "first")}
	if p.offset > 0 {
		links = append(links, p.link(r, min(max(p.offset-p.limit, 0), last), "prev"))
	}
	if p.offset < p.total-p.limit {
		links = append(links, p.link(r, p.offset+p.limit, "next"))
	}
	return strings.Join(append(links, p.link(r, last, "last")), ",")
}

func (p page) link(r *http.Request, offset int, rel string) string {
	var query strings.Builder
	for _, kept := range parameters(r.URL.RawQuery) {
		if kept.name != "sysparm_limit" && kept.name != "sysparm_offset" {
			query.WriteString(url.QueryEscape(kept.name) + "=" + url.QueryEscape(kept.value) + "&")
		}
	}
	query.WriteString("sysparm_limit=" + strconv.Itoa(p.limit) + "&sysparm_offset=" + strconv.Itoa(offset))
	return "<http://" + r.Host + r.URL.EscapedPath() + "?" + query.String() + `>;rel="` + rel + `"`
}

type parameter struct{ name, value string }

// parameters gives the parameters of a query in the order they were sent. Those that are not well-formed are left out.
func parameters(raw string) []parameter {
	var all []parameter
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		n, errName := url.QueryUnescape(name)
		v, errValue := url.QueryUnescape(value)
		if n != "" && errName == nil && errValue == nil {
			all = append(all, parameter{n, v})
		}
	}
	return all
}
