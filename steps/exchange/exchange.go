// Package exchange sends a step's request and takes its answer: what all kinds that speak HTTP have in common.
//
// A kind makes a Request, sends it with Send, and reads the answer in the function that it gives to Send: Receive takes the body
// in, an Answer holds it against what the step expects. What goes wrong becomes a *steps.Error, and history hears of it in any
// case.
//
// The files:
//
//	exchange, send                what a call is and how kinds differ; a request on its way
//	url, request, body            addresses and queries, headers, the body to send
//	timeout, redirect             the limits of an attempt, which redirects are followed
//	answer, media, expect         taking the body in, what it is by its type, holding it against conditions
//	failure, retryafter, message  errors in plain words, and whether trying again helps
//	record, utf8                  what history keeps, and in which charset
//	redact, redactxml             what of it is masked: in JSON and forms, in XML
//	fields, check                 the fields that steps have for this, and mistakes in them
package exchange

import (
	"time"

	"snrun/steps"
)

// Call is one run of a step: of a walk, one page.
type Call struct {
	In   steps.Input
	Env  *steps.Env
	Page int // of a walk, from 1; else 0
	// Manner is what holds where the step says nothing.
	Manner Manner
}

// Manner is in what the kinds differ.
type Manner struct {
	// Redirects is how many are followed where the step says nothing.
	Redirects int
	// KeepMethod refuses redirects that make a GET of another request (301, 302 and 303 of a POST).
	KeepMethod bool
	// MaxBody is how large a body may be in memory where the step says nothing, in bytes; TooLarge is what to do about a larger one.
	MaxBody  int64
	TooLarge string
	// Total is how long an attempt may take where the step says nothing, 0 without limit.
	Total time.Duration
}

// What holds where a step or a profile says nothing. The defaults of the fields say the same in YAML; a test holds the two together.
const (
	defaultRecorded  = 64 << 10
	defaultKeyHeader = "Idempotency-Key"

	defaultConnect = 10 * time.Second
	defaultIdle    = 60 * time.Second
	// DefaultTotal is how long an attempt may take, unless a kind has reason to see it otherwise.
	DefaultTotal = 5 * time.Minute
)

// MaxBody is how large a body may be in memory, in bytes.
func (c Call) MaxBody() int64 {
	if c.In.Has("max_body") {
		return c.In.Size("max_body")
	}
	return c.Manner.MaxBody
}

// Conditions are those of the profile and of the step, in the order they are asked in.
func (c Call) Conditions() []*steps.Late {
	return append(conditions(c.In["profile_expect"]), conditions(c.In["expect"])...)
}

// Expects says whether the step has conditions of its own, which stand in place of the usual statuses.
func (c Call) Expects() bool { return len(conditions(c.In["expect"])) > 0 }

// redirects is how many redirects are followed.
func (c Call) redirects() int {
	if n, there := c.In["redirects"].(int); there {
		return max(n, 0)
	}
	return c.Manner.Redirects
}

// conditions gives the conditions of a field that takes one or a list.
func conditions(field any) []*steps.Late {
	switch f := field.(type) {
	case *steps.Late:
		return []*steps.Late{f}
	case []any:
		list := make([]*steps.Late, 0, len(f))
		for _, c := range f {
			if late, ok := c.(*steps.Late); ok {
				list = append(list, late)
			}
		}
		return list
	}
	return nil
}
