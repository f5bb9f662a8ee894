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
				return signingWith(func(req *http.Request) { addToQuery(req.URL, name, value) }), nil
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
	var kept []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		key, _, _ := strings.Cut(part, "=")
		if key, err := url.QueryUnescape(key); part != "" && (err != nil || key != name) {
			kept = append(kept, part)
		}
	}
	kept = append(kept, url.QueryEscape(name)+"="+url.QueryEscape(value))
	u.RawQuery = strings.Join(kept, "&")
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
