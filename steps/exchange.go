package steps

import (
	"net/http"
	"time"
)

// Exchange is one request and its answer, as history keeps it. Bodies are cut at the profile's size and have the
// profile's `redact` paths masked already; secrets are masked by whoever keeps the exchange.
type Exchange struct {
	Method, URL string
	Page        int // of a walk, from 1; else 0
	Request     Message
	Status      int // 0 when there was no answer
	Response    Message
	Error       string // why there was no answer
	Started     time.Time
	Duration    time.Duration
	Connect     time.Duration // to get a connection, 0 when one was open
	FirstByte   time.Duration // from the request sent to the first byte of the answer
}

// Message is the header and the body of a request or an answer.
type Message struct {
	Header http.Header
	Body   []byte // cut; nil when none is kept
	Size   int64  // of the whole body, bytes; -1 when it is not known
}
