package rest

import (
	"fmt"
	"net/http"

	"golang.org/x/net/http/httpguts"

	"snrun/steps"
)

// check finds what the types of the fields cannot say. What depends on a value that only the run knows is found again
// when the request is made.
func check(in steps.Input) []steps.Problem {
	p := checkTarget(in)
	p = append(p, checkHeaders(in)...)
	p = append(p, checkBody(in)...)
	if n, ok := in["redirects"].(int); ok && n < 0 {
		p = append(p, steps.Problem{Path: "redirects", Message: "cannot be negative", Hint: "write 0 to have the 3xx itself as the answer"})
	}
	for i, path := range in.Object("history").List("redact") {
		if _, err := parseJSONPath(asText(path)); err != nil {
			p = append(p, steps.Problem{Path: fmt.Sprintf("history.redact[%d]", i), Message: err.Error(), Hint: "write it like $.user.password, $.list[*].key or $..token"})
		}
	}
	if walks(in) {
		p = append(p, checkWalk(in)...)
	}
	return p
}

func checkTarget(in steps.Input) []steps.Problem {
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

func checkHeaders(in steps.Input) []steps.Problem {
	var p []steps.Problem
	for _, h := range in.Pairs("headers") {
		path := "headers." + h.Key
		switch {
		case !httpguts.ValidHeaderFieldName(h.Key):
			p = append(p, steps.Problem{Path: path, Message: "is not the name of a header"})
		case forbiddenHeader(h.Key):
			p = append(p, steps.Problem{Path: path, Message: "cannot be set by a step", Hint: "describe the sign-in in a profile (auth:), which keeps its secrets out of jobs"})
		}
	}
	return p
}

// forbiddenHeader tells the headers that would carry a sign-in past the profile, or that are snrun's own.
func forbiddenHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", signInHeader:
		return true
	}
	return false
}

func checkBody(in steps.Input) []steps.Problem {
	m := method(in)
	if _, unknown := in["method"].(steps.Unknown); unknown || m != "GET" && m != "HEAD" {
		return nil
	}
	for _, name := range bodies {
		if _, there := in[name]; there {
			return []steps.Problem{{Path: name, Message: "cannot stand here: a " + m + " request has no body", Hint: "write method: POST, or send the values as query:"}}
		}
	}
	return nil
}

func checkWalk(in steps.Input) []steps.Problem {
	pg := in.Object("paginate")
	var p []steps.Problem
	if in.Has("save_to") {
		p = append(p, steps.Problem{Path: "save_to", Message: "cannot stand beside paginate", Hint: "save each page's items in a foreach, or leave paginate out"})
	}
	if n, ok := pg["max_pages"].(int); ok && n < 1 {
		p = append(p, steps.Problem{Path: "paginate.max_pages", Message: "must be at least 1"})
	}
	t, ok := pagerOf(pg.Text("type"))
	if !ok {
		return p
	}
	return append(p, t.check(in, pg)...)
}
