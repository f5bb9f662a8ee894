// Package rest is the step kind "rest": one HTTP request, or a walk over the pages of an API.
//
// A call goes one way: the step's fields become a request (request.go, body.go, multipart.go), which the package exchange sends, as
// it does for all kinds that speak HTTP. The answer is decoded (answer.go, decode.go) or saved (save.go), and held against what the
// step expects. A walk (walk.go) does so once a page; how one page leads to the next is a line in the table of page types (pager.go).
// A page whose items are wanted one by one is cut into them as it comes in (split.go, cutpage.go, spool.go).
package rest

import (
	"context"
	"slices"

	"snrun/steps"
	"snrun/steps/exchange"
)

// Kind gives the kind "rest".
func Kind() *steps.Kind {
	pages := &pagePool{}
	return &steps.Kind{
		Name:    "rest",
		Summary: "Sends one HTTP request and decodes its answer, or walks over all pages of a list",
		Doc:     doc,
		Example: example,
		Takes:   steps.ObjectOf(fields()...),
		Gives: []steps.Result{
			{Name: "output", Type: steps.Any, Doc: "The decoded body; with `paginate` the list of all items; with `save_to` the map `{path, size, sha256}`."},
			{Name: "status", Type: steps.Int, Doc: "The status of the answer, of a walk's last page."},
			{Name: "headers", Type: steps.Map, Doc: "The headers of the answer: names in lower case, the first value of each."},
			{Name: "url", Type: steps.Text, Doc: "The address that answered, after redirects."},
			{Name: "attempts", Type: steps.Int, Doc: "How many times the request was tried."},
		},
		Run: func(ctx context.Context, in steps.Input, env *steps.Env) (steps.Output, error) {
			return (&call{Call: exchange.Call{In: in, Env: env, Manner: manner(in)}, pages: pages}).run(ctx)
		},
		Safe:    safe,
		Changes: changes,
		Walks:   walks,
		Check:   func(in steps.Input, _ string) []steps.Problem { return check(in) },
	}
}

const doc = `The request goes to ` + "`path`" + ` below the base URL of a profile, which also signs in, or to a full ` + "`url`" + `.

An answer is taken when its status is 2xx, or when it meets ` + "`expect`" + `. Its body is decoded by its Content-Type. A body that
is not what was asked for is an error of kind ` + "`content`" + `: an HTML page, for one, never passes for data unless ` + "`accept: text`" + ` says so.

GET, HEAD, PUT, DELETE and OPTIONS, and any request with an ` + "`idempotency_key`" + `, are repeated when the network or the server
stumbles; others only where the request surely had no effect. ` + "`retry`" + ` beside the kind changes that.`

const example = `id: incidents
rest:
  profile: servicenow
  path: /api/now/table/incident
  query: {active: true, sysparm_fields: "sys_id,number"}
  paginate: {type: offset, offset: query.sysparm_offset, limit: query.sysparm_limit, size: 500, items: "${response.body.result}"}`

// run makes one request: of a walk, the one of the page that env.Cursor names.
func (c *call) run(ctx context.Context) (steps.Output, error) {
	if walks(c.In) {
		return c.walk(ctx)
	}
	req, err := newRequest(c.In)
	if err != nil {
		return steps.Output{}, err
	}
	a, err := c.exchange(ctx, req)
	if err != nil {
		return steps.Output{}, err
	}
	return steps.Output{Value: a.Value, Names: a.OutputNames(), Total: -1}, nil
}

// safe says whether a request may be made twice: by its method (RFC 9110 section 9.2.2), or because the server tells
// repeats by their key.
func safe(in steps.Input) bool {
	return slices.Contains([]string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}, method(in)) || in.Text("idempotency_key") != ""
}

func changes(in steps.Input) bool {
	return !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, method(in))
}

func walks(in steps.Input) bool { return in.Has("paginate") }

func method(in steps.Input) string {
	if m := in.Text("method"); m != "" {
		return m
	}
	return "GET"
}
