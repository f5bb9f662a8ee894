package rest

import (
	"net/url"
	"slices"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
)

// linkPager follows the header Link with rel="next" (RFC 8288). Its position is the address of the page.
func linkPager() pager {
	return pager{
		name: "link",
		doc:  "follows the header `Link: <…>; rel=\"next\"`.",
		ask:  askAddress,
		next: func(w *walk, p *page) (any, error) {
			target, ok := nextLink(p.Resp.Header.Values("Link"))
			if !ok {
				return nil, nil
			}
			return w.leadTo(p, target)
		},
		circle: lookHint,
	}
}

// nextURLPager follows an address that stands in the answer. Its position is that of linkPager.
func nextURLPager() pager {
	return pager{
		name:  "next_url",
		doc:   "follows the address that `next` finds in a page; it may be relative to the page's own.",
		needs: []string{"next"},
		ask:   askAddress,
		next: func(w *walk, p *page) (any, error) {
			v, err := w.named(p)
			if err != nil || v == nil {
				return nil, err
			}
			target, ok := v.(string)
			if !ok {
				return nil, exchange.Hinted(p.Errorf(steps.Content, "paginate.next: %s is %s, not an address", w.in.Late("next").Source, describe(v)),
					"what is no address but a mark of the next page is followed by type: cursor, or type: page")
			}
			return w.leadTo(p, target)
		},
		circle: lookHint,
	}
}

func askAddress(w *walk, r *request) error {
	at, ok := w.at.(string)
	if !ok {
		return nil
	}
	u, err := url.Parse(at)
	if err != nil || !exchange.SameOrigin(u, w.first) {
		return exchange.BadInput("the page's address %q is not one of this walk", exchange.WithoutQuery(at))
	}
	r.Query = exchange.SplitQuery(u.RawQuery)
	u.RawQuery = ""
	r.URL = u
	return nil
}

// leadTo gives the address that a page names as the next one. An address at another origin is refused: the answer of one
// server must not choose which others get requests.
func (w *walk) leadTo(p *page, target string) (any, error) {
	u, err := p.URL.Parse(exchange.Escape(strings.TrimSpace(target)))
	if err != nil || u.Hostname() == "" {
		return nil, p.Errorf(steps.Content, "the next page's address %q is none", exchange.Clean(exchange.WithoutQuery(target), exchange.ExcerptLength))
	}
	u.User, u.Fragment = nil, ""
	if !exchange.SameOrigin(u, w.first) {
		return nil, exchange.Hinted(p.Errorf(steps.Content, "the next page is at another origin, %s, and is not followed", exchange.Clean(exchange.Origin(u), exchange.ExcerptLength)),
			"the server may build its links from a wrong address; another type of paginate does without them")
	}
	switch u.String() {
	case p.Req.URL.String():
		return nil, exchange.Hinted(p.Errorf(steps.Content, "page %d leads back to itself: its next page has the same address", p.call.Page), lookHint)
	case w.first.String():
		return nil, exchange.Hinted(p.Errorf(steps.Content, "page %d leads back to page 1: its next page has the same address", p.call.Page), lookHint)
	}
	return u.String(), nil
}

// nextLink finds the target of the first link with the relation "next".
func nextLink(headers []string) (string, bool) {
	for _, h := range headers {
		for _, l := range parseLinks(h) {
			if slices.ContainsFunc(strings.Fields(l.rel), func(rel string) bool { return strings.EqualFold(rel, "next") }) {
				return l.target, true
			}
		}
	}
	return "", false
}

// link is one link of a Link header: where it leads, and its relations, separated by spaces.
type link struct{ target, rel string }

// parseLinks reads a Link header (RFC 8288 section 3 and appendix B.2). What is not a link ends the reading.
func parseLinks(h string) []link {
	var links []link
	for {
		h = strings.TrimLeft(h, " \t,")
		if !strings.HasPrefix(h, "<") {
			return links
		}
		target, rest, closed := strings.Cut(h[1:], ">")
		if !closed {
			return links
		}
		l := link{target: strings.TrimSpace(target)}
		l.rel, h = parseLinkParams(rest)
		links = append(links, l)
	}
}

// parseLinkParams reads the parameters of one link. It gives the first rel, as the RFC has it, and what follows the link.
func parseLinkParams(h string) (rel, rest string) {
	seen := false
	for {
		h = strings.TrimLeft(h, " \t")
		if !strings.HasPrefix(h, ";") {
			_, rest, _ = strings.Cut(h, ",")
			return rel, rest
		}
		h = strings.TrimLeft(h[1:], " \t")
		end := strings.IndexAny(h, "=;,")
		if end < 0 {
			return rel, ""
		}
		name, value := strings.TrimSpace(h[:end]), ""
		if h = h[end:]; h[0] == '=' {
			value, h = paramValue(strings.TrimLeft(h[1:], " \t"))
		}
		if strings.EqualFold(name, "rel") && !seen {
			rel, seen = value, true
		}
	}
}

// paramValue reads a token or a quoted string.
func paramValue(h string) (value, rest string) {
	if !strings.HasPrefix(h, `"`) {
		end := strings.IndexAny(h, ";,")
		if end < 0 {
			return strings.TrimSpace(h), ""
		}
		return strings.TrimSpace(h[:end]), h[end:]
	}
	var b strings.Builder
	for i := 1; i < len(h); i++ {
		switch {
		case h[i] == '"':
			return b.String(), h[i+1:]
		case h[i] == '\\' && i+1 < len(h):
			i++
		}
		b.WriteByte(h[i])
	}
	return b.String(), ""
}
