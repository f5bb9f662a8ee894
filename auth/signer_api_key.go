package auth

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// apiKey signs in with a key in a header or in the query.
func apiKey() SignInType {
	return SignInType{
		Name:    "api_key",
		Summary: "sends a key in a header or a query parameter of the server's choice",
		Params: []Param{
			{Name: "in", Doc: "Where the key goes.", Form: Enum, Values: []string{"header", "query"}, Default: "header"},
			{Name: "name", Doc: "The name of the header or of the parameter.", Example: "X-API-Key", Required: true},
			{Name: "value", Doc: "The key, with whatever word the server wants before it.", Example: "Token ${secret.ONCALL_KEY}",
				Required: true, Secret: true},
		},
		check: checkAPIKey,
		open: func(p Profile, _ *Keyring) (*credentials, error) {
			name, value := p.Settings.text("name"), p.Settings.text("value")
			if p.Settings.text("in") == "query" {
				c := signingWith(func(req *http.Request) { addToQuery(req.URL, name, value) })
				c.conceal = func(query string) string { return withoutKey(query, name, value, nestedAddresses) }
				return c, nil
			}
			return signingWith(func(req *http.Request) { req.Header.Set(name, value) }), nil
		},
	}
}

func checkAPIKey(p Profile) []Problem {
	name := p.Settings.text("name")
	if p.Settings.text("in") != "header" {
		return nil
	}
	if name != "" && !httpguts.ValidHeaderFieldName(name) {
		return []Problem{{Path: "auth.name", Message: "this is no name of a header", Hint: "write a name such as X-API-Key"}}
	}
	return checkHeaderValue("auth.value", p.Settings.text("value"))
}

// addToQuery sets a parameter and leaves the others exactly as they were written: a server may have signed them.
func addToQuery(u *url.URL, name, value string) {
	kept := withoutParam(u.RawQuery, func(key, _ string) bool { return key == name })
	if kept != "" {
		kept += "&"
	}
	u.RawQuery = kept + url.QueryEscape(name) + "=" + url.QueryEscape(value)
}

// withoutParam leaves parameters out of a query, and empty ones.
func withoutParam(query string, out func(name, value string) bool) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		plainName, err := url.QueryUnescape(name)
		plainValue, err2 := url.QueryUnescape(value)
		if part != "" && (err != nil || err2 != nil || !out(plainName, plainValue)) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// nestedAddresses is how many addresses, one within the other, are looked into for a key: that of a login page has the one to come
// back to among its parameters.
const nestedAddresses = 3

// withoutKey takes a key out of a query, and out of those in its parameters: so many, one within the other.
func withoutKey(query, name, value string, depth int) string {
	there := false
	kept := withoutParam(query, func(key, v string) bool {
		hit := key == name && v == value
		there = there || hit
		return hit
	})
	if there {
		query = kept
	}
	if depth == 0 {
		return query
	}
	within := func(query string) string { return withoutKey(query, name, value, depth-1) }
	params := strings.Split(query, "&")
	for i, param := range params {
		key, text, _ := strings.Cut(param, "=")
		plain, _ := url.QueryUnescape(text)
		if clean := inQueries(text, within); clean != text { // some servers do not encode it
			params[i] = key + "=" + clean
		} else if clean := inQueries(plain, within); clean != plain {
			params[i] = key + "=" + url.QueryEscape(clean)
		}
	}
	return strings.Join(params, "&")
}

// inQueries changes the queries of the addresses in a text: in a Location there is one, in a Link there may be many.
func inQueries(text string, change func(query string) string) string {
	var changed strings.Builder
	for {
		before, rest, found := strings.Cut(text, "?")
		changed.WriteString(before)
		if !found {
			return changed.String()
		}
		end := strings.IndexAny(rest, "#> \"")
		if end < 0 {
			end = len(rest)
		}
		if query := change(rest[:end]); query != "" || end == 0 {
			changed.WriteString("?" + query)
		}
		text = rest[end:]
	}
}

func checkHeaderValue(path, value string) []Problem {
	if httpguts.ValidHeaderFieldValue(value) {
		return nil
	}
	return []Problem{{
		Path: path, Message: "the value holds a line break or another character that cannot stand in a header",
		Hint: "look at the end of the secret: a value that was pasted often brings a line break along",
	}}
}
