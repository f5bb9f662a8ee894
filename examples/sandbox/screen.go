package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// The values of the buttons.
const (
	allow = "allow"
	deny  = "deny"
)

// screen is a page for a person. It works without scripts, so that a program can press its buttons.
type screen struct {
	Title string
	Text  string
	Ask   *question // two buttons
	Enter *codeForm // a field for a code
}

// question is the question whether a client may sign in.
type question struct {
	Path    string // where the answer goes
	Consent string
	Client  string
	User    string
	Scope   string
	Goes    string // where the browser goes from here, "" when it stays
}

type codeForm struct{ Path string }

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:3em auto;padding:0 1em;color:#222}` +
	`button,input{font:inherit;padding:.4em 1.2em;margin-right:.6em}dt{color:#666}dd{margin:0 0 .6em}small{color:#666}`

const layout = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>` + style + `</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{with .Text}}<p>{{.}}</p>
{{end}}{{with .Ask}}<dl>
<dt>Client</dt><dd>{{.Client}}</dd>
<dt>User</dt><dd>{{.User}}</dd>
<dt>Scope</dt><dd>{{.Scope}}</dd>
{{with .Goes}}<dt>Goes back to</dt><dd>{{.}}</dd>
{{end}}</dl>
<form method="post" action="{{.Path}}">
<input type="hidden" name="consent" value="{{.Consent}}">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>
<p><small>This is the snrun sandbox: it asks for no password, and its data is made up.</small></p>
{{end}}{{with .Enter}}<form method="get" action="{{.Path}}">
<label>Code <input name="user_code" autocomplete="off" autofocus required></label>
<button>Go on</button>
</form>
{{end}}</body>
</html>
`

// show sends a page with status 200.
func show(w http.ResponseWriter, s screen) { showWith(w, http.StatusOK, s) }

func showMistake(w http.ResponseWriter, text string) {
	showWith(w, http.StatusBadRequest, screen{Title: "This does not work", Text: text})
}

func showWith(w http.ResponseWriter, status int, s screen) {
	page, err := template.New("").Parse(layout)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	noStore(w)
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy(s))
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_ = page.Execute(w, s) // the client may be gone
}

// policy allows the page its style and its form, and nothing else. Where the form leads to a redirect, browsers hold its target
// to form-action too.
func policy(s screen) string {
	sum := sha256.Sum256([]byte(style))
	action := "'none'"
	if s.Enter != nil || s.Ask != nil {
		action = "'self'"
	}
	if s.Ask != nil && s.Ask.Goes != "" {
		action += " " + source(s.Ask.Goes)
	}
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action " + action +
		"; frame-ancestors 'none'; base-uri 'none'"
}

// source is a redirect_uri as a policy can name it, which knows neither IPv6 addresses nor hosts of other schemes.
func source(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if (u.Scheme != "http" && u.Scheme != "https") || strings.ContainsAny(u.Host, "[;, ") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
