package steps

import "time"

// The kinds of error that a job can tell apart as `error.kind`.
const (
	Network    = "network"
	Timeout    = "timeout"
	TLS        = "tls"
	Auth       = "auth"
	Status     = "status"
	Content    = "content"
	Expect     = "expect"
	Expression = "expression"
	BadInput   = "input"
	Cancelled  = "cancelled"
	Fault      = "fault"
	Limit      = "limit"
)

// Suspended is the kind of error of a run that its daemon interrupted, to end; no job sees it.
const Suspended = "suspended"

// Repeat says when a call that failed may be made again.
type Repeat int

// A call is repeated Never, IfSafe (when making it twice does no harm) or Always (it surely had no effect).
const (
	Never Repeat = iota
	IfSafe
	Always
)

// Error is how a step fails.
type Error struct {
	Kind     string `json:"kind"`
	Message  string `json:"message"`
	Step     string `json:"step,omitempty"`   // the id of the step, else its key
	Status   int    `json:"status,omitempty"` // the HTTP status, 0 when there was no answer
	Attempts int    `json:"attempts,omitempty"`
	// Hint is the next step for the person who reads it.
	Hint string `json:"hint,omitempty"`
	// Fields are further names of `error`, such as `fault`.
	Fields map[string]any `json:"-"`
	// Problems are mistakes in the step's values that were found before anything was sent. Whoever knows where each stands writes
	// them into Message; what the kind says there counts only where nobody does.
	Problems []Problem `json:"-"`

	// Profile is the profile that the request was made as; "" for none, and where no request was made.
	Profile string `json:"-"`

	Repeat     Repeat        `json:"-"`
	RetryAfter time.Duration `json:"-"` // what the server asked to wait; 0 when it did not
	// NoEffect says that the call surely had none, though trying again may not help: nothing was sent, or the server would
	// not have it. Of a call that may be repeated Always that is so too.
	NoEffect bool `json:"-"`
	// Response is what `response` is in `retry.when`: nil when there was no answer.
	Response map[string]any `json:"-"`
	Cause    error          `json:"-"`
	// Calls are the keys of the calls whose failure this is: going on makes them again. The key of an item stands for its calls, one
	// that ends with a slash for all that was done there.
	Calls []string `json:"-"`
	// Doubt says that an unsafe call failed which may have had its effect all the same.
	Doubt bool `json:"-"`
}

// Error gives the message, without kind and hint.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// SignInError is the error of a Clients' client when it could not sign in. A kind turns it into an Error of kind Auth.
type SignInError interface {
	error
	// Temporary says that trying later may help: the token endpoint was down, not the sign-in wrong.
	Temporary() bool
	// RetryAfter is how long nobody need try, 0 when that is not known.
	RetryAfter() time.Duration
	// Help is what a person should do next, "" when nothing.
	Help() string
}

// HeldError is the error of a Clients' client that did not send a request, because a limit of the profile would have held it back
// for longer than its time allows. A kind turns it into an Error of kind Timeout.
type HeldError interface {
	error
	// Held is how long it would have been held back.
	Held() time.Duration
	// Help is what a person should do next.
	Help() string
}
