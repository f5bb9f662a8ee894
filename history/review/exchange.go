package review

import (
	"net/http"
	"time"
	"unicode/utf8"

	"snrun/history"
	"snrun/steps"
)

// Exchange is a request and its answer. As JSON its durations are milliseconds.
type Exchange struct {
	ID        int64     `json:"id"`   // in its run; later ones have higher ones
	Step      string    `json:"step"` // the step's key
	Attempt   int       `json:"attempt"`
	Page      int       `json:"page,omitempty"`
	Method    string    `json:"method"`
	URL       string    `json:"url"`
	Status    int       `json:"status"` // 0: there was no answer
	Error     string    `json:"error,omitempty"`
	Started   time.Time `json:"started"`
	Duration  int64     `json:"duration"`
	Connect   int64     `json:"connect"`
	FirstByte int64     `json:"first_byte"`
	Request   Message   `json:"request"`
	Response  Message   `json:"response"`

	Kept history.Exchange `json:"-"` // as the history has it
}

// Message is a header and what was kept of a body: as text, or as base64 where it is none.
type Message struct {
	Headers http.Header `json:"headers"`
	Body    string      `json:"body,omitempty"`
	Base64  []byte      `json:"body_base64,omitempty"`
	Size    int64       `json:"size"` // of the whole body; -1 when it is not known
}

// NewExchange gives an exchange as it is shown.
func NewExchange(x history.Exchange) Exchange {
	return Exchange{
		ID: x.ID, Step: x.StepKey, Attempt: x.Attempt, Page: x.Page, Method: x.Method, URL: x.URL, Status: x.Status, Error: x.Error,
		Started: x.Started, Duration: x.Duration.Milliseconds(), Connect: x.Connect.Milliseconds(), FirstByte: x.FirstByte.Milliseconds(),
		Request: NewMessage(x.Request), Response: NewMessage(x.Response), Kept: x,
	}
}

// NewMessage gives a message as it is shown.
func NewMessage(m steps.Message) Message {
	r := Message{Headers: m.Header, Size: m.Size}
	if utf8.Valid(m.Body) {
		r.Body = string(m.Body)
	} else {
		r.Base64 = m.Body
	}
	return r
}

// Exchanges gives exchanges of a run as the filter says. Next is what After is to be for those that follow, 0 where none do.
func Exchanges(store *history.Store, run string, f history.ExchangeFilter) (list []Exchange, next int64, err error) {
	more := f
	if f.Limit > 0 {
		more.Limit++
	}
	err = store.EachExchange(run, more, func(x history.Exchange) error {
		list = append(list, NewExchange(x))
		return nil
	})
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
		next = list[f.Limit-1].ID
	}
	return list, next, err
}
