package rest

import (
	"snrun/steps"
	"snrun/steps/exchange"
)

// check finds what the types of the fields cannot say. What depends on a value that only the run knows is found again
// when the request is made.
func check(in steps.Input) []steps.Problem {
	p := exchange.CheckTarget(in)
	p = append(p, exchange.CheckHeaders(in, "headers")...)
	p = append(p, checkBody(in)...)
	p = append(p, exchange.CheckRedirects(in, "write 0 to have the 3xx itself as the answer")...)
	p = append(p, exchange.CheckHistory(in)...)
	if walks(in) {
		p = append(p, checkWalk(in)...)
	}
	return p
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
