package web

import (
	"net/http"

	"snrun/jobs"
)

// policy is what pages may load: what this site itself serves, and no script or style that stands in a page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that every answer has.
func (s *Site) secure(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with that, browsers send "Origin: null" with forms, and then it cannot be seen that they are ours.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store") // but for what says otherwise
	if host, _ := splitHost(r.Host); s.Access.TLS && !jobs.IsLoopback(host) {
		h.Set("Strict-Transport-Security", "max-age=2592000") // a browser holds it against all ports of the name, so not for this machine's
	}
}
