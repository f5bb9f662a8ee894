package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Cause is one of the things that a server's catch-all refusal may stand for. The causes of a Profile are in the order in which
// a person should look into them.
type Cause struct {
	Code   string   // of the refusal: the server's `error` or its `error_description`, whichever tells more
	Grants []string // the grants it can happen with, by name, refresh_token that of a refresh; nil for all
	Check  string   // what to check, and where, on one line
}

// product is what is known of a server beforehand.
type product struct {
	name   string // "" where nothing is
	causes []Cause
}

// applies says whether a refusal may come of this.
func (c Cause) applies(e *SignInError) bool {
	return (c.Code == e.Code || c.Code == e.Description) && (c.Grants == nil || slices.Contains(c.Grants, e.Grant))
}

// suspect has a refusal say what it may come of.
func (e *endpoint) suspect(failed *SignInError) {
	if failed.kind != refused || failed.help != "" {
		return
	}
	var causes []Cause
	for _, c := range e.product.causes {
		if c.applies(failed) {
			causes = append(causes, c)
		}
	}
	if len(causes) > 0 {
		next := e.testCommand()
		if failed.Grant == grantAuthorizationCode || failed.Grant == grantDeviceCode { // of a login
			next = e.loginCommand()
		}
		failed.help = e.list(causes) + "\nthen run: " + next
	}
}

// list writes causes for a person, one a line.
func (e *endpoint) list(causes []Cause) string {
	name := e.product.name
	if name == "" {
		name = "the server"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s answers %s for all of these; check in this order:", name, causes[0].Code)
	for i, c := range causes {
		fmt.Fprintf(&b, "\n%d. %s", i+1, c.Check)
	}
	return b.String()
}
