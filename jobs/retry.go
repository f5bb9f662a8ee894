package jobs

import (
	"math"
	"time"

	"snrun/jobs/source"
	"snrun/steps"
)

// Retry says when and how a step that failed is tried again.
type Retry struct {
	Attempts      int   // every try counts; 1 is no retry
	When          *Expr // nil: what passes by itself, see steps.Repeat
	Backoff       Backoff
	RetryAfterMax time.Duration // a server that asks for more fails the step at once
	MaxElapsed    time.Duration // 0: no limit
	Unsafe        bool          // also calls that may have had an effect
}

// Backoff is the wait between tries.
type Backoff struct {
	Initial    time.Duration
	Multiplier float64
	Max        time.Duration
	Jitter     bool // spread each wait evenly over zero to its length
}

// Wait is the wait after a try that failed, counted from 1. Spread is a number in [0, 1) that places it within the jitter.
func (b Backoff) Wait(try int, spread float64) time.Duration {
	wait := float64(b.Initial) * math.Pow(b.Multiplier, float64(try-1))
	wait = min(wait, float64(b.Max))
	if b.Jitter {
		wait *= spread
	}
	return time.Duration(wait)
}

// DefaultRetry is what holds where neither the step nor its profile says anything.
func DefaultRetry() *Retry {
	return &Retry{
		Attempts:      3,
		Backoff:       Backoff{Initial: time.Second, Multiplier: 2, Max: time.Minute, Jitter: true},
		RetryAfterMax: 10 * time.Minute,
	}
}

func retryType() steps.Type {
	return steps.EitherOf(steps.Of(steps.Int), steps.OneOf("none"), steps.ObjectOf(retryFields()...))
}

func retryFields() []steps.Field {
	return []steps.Field{
		{Name: "attempts", Type: steps.Of(steps.Int), Default: "3", Static: true, Doc: "How often the step is tried in all, the first try included."},
		{Name: "when", Type: steps.Of(steps.Condition), Example: "error.status == 409",
			Doc: "Which failures are tried again: a condition over `error` and, in a request step, `response` (null when there was no answer). Without it: network errors, timeouts, 429, 502, 503 and 504."},
		{Name: "backoff", Static: true, Doc: "The wait between tries.", Type: steps.ObjectOf(
			steps.Field{Name: "initial", Type: steps.Of(steps.Duration), Default: "1s", Static: true, Doc: "The wait after the first try."},
			steps.Field{Name: "multiplier", Type: steps.Of(steps.Float), Default: "2", Static: true, Doc: "How much longer each wait is than the one before."},
			steps.Field{Name: "max", Type: steps.Of(steps.Duration), Default: "60s", Static: true, Doc: "The longest wait."},
			steps.Field{Name: "jitter", Type: steps.OneOf("full", "none"), Default: "full", Static: true, Doc: "`full` spreads each wait evenly between nothing and its length, so that many clients do not come back at once."},
		)},
		{Name: "retry_after", Static: true, Doc: "What to make of a `Retry-After` in an answer; it beats the backoff.", Type: steps.ObjectOf(
			steps.Field{Name: "max", Type: steps.Of(steps.Duration), Default: "10m", Static: true, Doc: "Where the server asks for more than this the step fails at once."},
		)},
		{Name: "max_elapsed", Type: steps.Of(steps.Duration), Static: true, Example: "30m", Doc: "No new try begins when this much time has passed since the first."},
		{Name: "unsafe", Type: steps.Of(steps.Bool), Default: "false", Static: true, Doc: "Try again also a POST or PATCH that may have had its effect already."},
	}
}

// retry reads a retry key. A key that it leaves out has its default.
func (d *decoder) retry(n *source.Node, scope *Scope) *Retry {
	retry := DefaultRetry()
	if n.Form() != source.Mapping {
		d.shortRetry(n, retry)
		return retry
	}
	in, ok := d.static(n, retryFields(), "retry", scope)
	if !ok {
		return retry
	}
	retry.When, _ = in["when"].(*Expr)
	retry.MaxElapsed, retry.Unsafe = in.Duration("max_elapsed"), in.Bool("unsafe")
	if attempts, ok := in["attempts"].(int); ok {
		retry.Attempts = attempts
	}
	if limit, ok := in.Object("retry_after")["max"].(time.Duration); ok {
		retry.RetryAfterMax = limit
	}
	retry.Backoff = backoffOf(in.Object("backoff"), retry.Backoff)
	d.checkRetry(n, retry)
	return retry
}

func backoffOf(in steps.Input, b Backoff) Backoff {
	if initial, ok := in["initial"].(time.Duration); ok {
		b.Initial = initial
	}
	if multiplier, ok := in["multiplier"].(float64); ok {
		b.Multiplier = multiplier
	}
	if longest, ok := in["max"].(time.Duration); ok {
		b.Max = longest
	}
	if jitter := in.Text("jitter"); jitter != "" {
		b.Jitter = jitter == "full"
	}
	return b
}

func (d *decoder) checkRetry(n *source.Node, r *Retry) {
	if r.Attempts < 1 {
		d.r.Errorf(d.at(n, "attempts"), "attempts must be at least 1").Hint = "attempts counts every try; write `retry: none` for a single one"
	}
	if r.Backoff.Multiplier < 1 {
		d.r.Errorf(d.at(n, "backoff.multiplier"), "multiplier must be at least 1").Hint = "1 waits equally long each time"
	}
	if r.Backoff.Max < r.Backoff.Initial {
		d.r.Errorf(d.at(n, "backoff"), "the longest wait (max, %s) is shorter than the first (initial, %s)",
			FormatDuration(r.Backoff.Max), FormatDuration(r.Backoff.Initial)).Hint = "set max too"
	}
}

// shortRetry reads `retry: 5` and `retry: none`.
func (d *decoder) shortRetry(n *source.Node, retry *Retry) {
	value := n.Value()
	attempts, isInt := value.(int)
	switch {
	case value == "none":
		retry.Attempts = 1
	case isInt && attempts >= 1:
		retry.Attempts = attempts
	case isInt:
		d.r.Errorf(n, "retry must be at least 1").Hint = "it counts every try; write `retry: none` for a single one"
	default:
		d.r.Errorf(n, "retry takes the number of tries, `none`, or a mapping, not %s", n.What()).Hint = retryHint(n)
	}
}

func retryHint(n *source.Node) string {
	if hint := scalarHint(n, steps.Int); hint != "" {
		return hint
	}
	return "write retry: 3, retry: none or retry: {attempts: 3}"
}
