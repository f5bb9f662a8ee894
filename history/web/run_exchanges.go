package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"snrun/engine"
	"snrun/history"
	"snrun/history/review"
)

// exchangesOnPage is how many requests stand on a page of them.
const exchangesOnPage = 100

// exchangesTab is the requests of a run or a step, and one of them opened.
type exchangesTab struct {
	Step   string // the key; "" for all
	All    string // where all are
	Rows   []exchangeRow
	Paging paging
	Open   *exchangeView
}

// exchangeRow is a request in a list.
type exchangeRow struct {
	history.Request
	Path       string // where it is opened
	Is         bool   // it is open
	StatusText string
	After      time.Duration
}

// exchangeView is a request and its answer.
type exchangeView struct {
	history.Exchange
	Number            int64
	StatusText        string
	StepPath          string
	Request, Response messageView
	Parts             []timePart
	Curl              string // "" where it is not known
}

// timePart is a part of the time that an exchange took.
type timePart struct {
	Name, Class string
	Length      time.Duration
	X, Width    float64 // in percent
}

// exchangesTab reads the requests that an address asks for.
func (s *Site) exchangesTab(run *engine.Run, q url.Values) (*exchangesTab, error) {
	step := q.Get("step")
	t := &exchangesTab{Step: step, All: tabPath(run.ID, "exchanges")}
	total, err := s.Store.RequestCount(run.ID, step)
	if err != nil {
		return nil, err
	}
	var offset int
	t.Paging, offset = pageOf(q.Get("page"), total, exchangesOnPage, func(page string) string {
		return tabPath(run.ID, "exchanges", "step", step, "page", page)
	})
	list, err := s.Store.Requests(run.ID, history.RequestFilter{Step: step, Offset: offset, Limit: exchangesOnPage})
	if err != nil {
		return nil, err
	}
	open, _ := strconv.ParseInt(q.Get("x"), 10, 64)
	for _, x := range list {
		number := strconv.FormatInt(x.ID, 10)
		t.Rows = append(t.Rows, exchangeRow{
			Request: x, Is: x.ID == open, StatusText: http.StatusText(x.Status), After: max(x.Started.Sub(run.Started), 0),
			Path: tabPath(run.ID, "exchanges", "step", step, "page", q.Get("page"), "x", number),
		})
	}
	if open > 0 {
		if t.Open, err = s.exchangeView(run, open); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// exchangeView reads one request with its answer.
func (s *Site) exchangeView(run *engine.Run, number int64) (*exchangeView, error) {
	x, err := s.Store.ExchangeAt(run.ID, number)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, &Problem{Status: http.StatusNotFound, Message: "run " + run.ID + " has no request " + strconv.FormatInt(number, 10)}
	}
	withTexts, err := s.Store.Begun(run.ID)
	if err != nil {
		return nil, err
	}
	return viewOf(withTexts, x, number, wholeBody), nil
}

// viewOf gives a request and its answer as a page shows them, with so many bytes of the bodies.
func viewOf(run *engine.Run, x *history.Exchange, number int64, atMost int) *exchangeView {
	v := &exchangeView{Exchange: *x, Number: number, StatusText: http.StatusText(x.Status), StepPath: tabPath(run.ID, "steps", "step", x.StepKey)}
	v.Request, v.Response = messageOf(x.Exchange.Request, atMost), messageOf(x.Exchange.Response, atMost)
	v.Parts = timeParts(x)
	shown := review.NewExchange(*x)
	v.Curl = shown.Curl(run)
	return v
}

// timeParts cuts the time of an exchange into what it was spent on.
func timeParts(x *history.Exchange) []timePart {
	if x.Duration <= 0 {
		return nil
	}
	connect := min(x.Connect, x.Duration)
	wait := min(x.FirstByte, x.Duration-connect)
	var parts []timePart
	at := time.Duration(0)
	for _, p := range []struct {
		name, class string
		length      time.Duration
	}{{"connecting", "connect", connect}, {"waiting for the answer", "wait", wait}, {"reading it", "read", x.Duration - connect - wait}} {
		if p.length > 0 {
			percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(x.Duration) }
			parts = append(parts, timePart{p.name, p.class, p.length, percent(at), percent(p.length)})
		}
		at += p.length
	}
	return parts
}
