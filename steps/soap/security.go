package soap

import (
	"fmt"
	"net/url"
	"slices"

	"snrun/steps"
	"snrun/steps/soap/wsse"
)

// secured says whether the profile's WS-Security holds for the step: `auth: none` leaves it off like any sign-in.
func secured(in steps.Input) bool { return in.Has("ws_security") && in.Text("auth") != "none" }

// checkSecurity finds mistakes in the profile's WS-Security, and an address that it does not go to.
func checkSecurity(in steps.Input, dir string) []steps.Problem {
	if !secured(in) {
		return nil
	}
	p := wsse.Problems(in.Object("ws_security"), dir)
	address := in.Text("endpoint") + in.Text("url")
	u, err := url.Parse(address)
	_, later := in["base_url"].(steps.Unknown)
	if address == "" || err != nil || later || slices.Contains(in.List("origins"), any(steps.Unknown{})) {
		return p
	}
	if unknown(in["origins"]) {
		return p
	}
	if stray := straySecurity(in, u); stray != nil {
		p = append(p, *stray)
	}
	return p
}

// straySecurity keeps what stands in messages, a password maybe, from addresses that get no other credentials of the profile either.
func straySecurity(in steps.Input, u *url.URL) *steps.Problem {
	if atProfile(in, u) {
		return nil
	}
	path := "endpoint"
	if in.Has("url") {
		path = "url"
	}
	return &steps.Problem{Path: path, Message: "the address is at no origin of the profile, and its ws_security goes nowhere else",
		Hint: fmt.Sprintf("add %s://%s to the profile's origins, or write auth: none", u.Scheme, u.Host)}
}
