package exchange

import (
	"fmt"
	"net/http"

	"golang.org/x/net/http/httpguts"

	"snrun/steps"
)

// CheckTarget finds mistakes in `url` and `path`, and an `auth: none` without a profile.
func CheckTarget(in steps.Input) []steps.Problem {
	if in.Has("path") && !in.Has("profile") {
		return []steps.Problem{{Path: "path", Message: "stands below a profile's base URL, but the step names no profile",
			Hint: "add profile: NAME, or write the whole address as url:"}}
	}
	if path, known := in["path"].(string); known {
		if err := checkPath(path); err != nil {
			return []steps.Problem{{Path: "path", Message: err.Error(), Hint: "write the path out, or the whole address as url:"}}
		}
	}
	if address, known := in["url"].(string); known {
		if _, err := parseURL(address); err != nil {
			return []steps.Problem{{Path: "url", Message: err.Error(), Hint: "write it like https://api.example.com/v1/items"}}
		}
	}
	if in.Text("auth") == "none" && !in.Has("profile") {
		return []steps.Problem{{Path: "auth", Message: "leaves a profile's sign-in off, but the step names no profile", Hint: "leave it out"}}
	}
	return nil
}

// CheckHeaders finds names that are none in the field with the headers of the request, and those that a step may not set.
func CheckHeaders(in steps.Input, field string) []steps.Problem {
	var p []steps.Problem
	for _, h := range in.Pairs(field) {
		path := field + "." + h.Key
		switch {
		case !httpguts.ValidHeaderFieldName(h.Key):
			p = append(p, steps.Problem{Path: path, Message: "is not the name of a header"})
		case ForbiddenHeader(h.Key):
			p = append(p, steps.Problem{Path: path, Message: "cannot be set by a step", Hint: "describe the sign-in in a profile (auth:), which keeps its secrets out of jobs"})
		}
	}
	return p
}

// ForbiddenHeader tells the headers that would carry a sign-in past the profile, or that are snrun's own.
func ForbiddenHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", signInHeader:
		return true
	}
	return false
}

// CheckRedirects finds a number of redirects below 0; hint says what 0 does.
func CheckRedirects(in steps.Input, hint string) []steps.Problem {
	if n, ok := in["redirects"].(int); ok && n < 0 {
		return []steps.Problem{{Path: "redirects", Message: "cannot be negative", Hint: hint}}
	}
	return nil
}

// CheckHistory finds paths in the profile's `history.redact` that are none.
func CheckHistory(in steps.Input) []steps.Problem {
	var p []steps.Problem
	for i, path := range in.Object("history").List("redact") {
		if _, err := parseJSONPath(AsText(path)); err != nil {
			p = append(p, steps.Problem{Path: fmt.Sprintf("history.redact[%d]", i), Message: err.Error(), Hint: "write it like $.user.password, $.list[*].key or $..token"})
		}
	}
	return p
}
