package rest

import (
	"context"
	"net/http"

	"snrun/steps/exchange"
)

// answer is what came back: its Value is what the step gives, the body decoded or what was saved of it.
type answer struct {
	exchange.Answer
	call *call
	cut  *cutPage // the page that it is, when it was cut
}

// read takes the answer in and judges it.
func (a *answer) read(ctx context.Context, t *exchange.Trip) error {
	a.Trip = t
	if in := a.Call.In; in.Has("save_to") && a.Req.Method != http.MethodHead && a.Status() < 400 {
		return a.save(ctx, in.Text("save_to"))
	}
	return a.judge(a.take(ctx))
}

// judge holds the answer against what is expected of it. bodyErr is why its body could not be taken, nil if it was.
func (a *answer) judge(bodyErr error) error {
	if bodyErr != nil && a.Status() >= 400 && a.Call.Expects() && a.takeAsText() {
		bodyErr = nil
	}
	return a.Judge(a.Accepted(), bodyErr)
}

// takeAsText gives the body of an error answer as text where a step that expects it said nothing about its form: a 404
// that is welcome may well be a page.
func (a *answer) takeAsText() bool {
	if accept := a.Call.In.Text("accept"); accept != "" && accept != "auto" || a.Size != int64(len(a.Received)) {
		return false
	}
	text, err := decodeText(a.Received, a.Resp.Header.Get("Content-Type"))
	a.Value = text
	return err == nil
}

// take receives the body and decodes it.
func (a *answer) take(ctx context.Context) error {
	defer func() { a.Took = a.Elapsed() }()
	if a.isSplit() {
		return a.receivePage(ctx)
	}
	if err := a.Receive(ctx); err != nil || a.Req.Method == http.MethodHead {
		return err
	}
	return a.decode()
}

// readsPart notes that only what is read of the body was decoded. An error, which shows all of it, decodes the rest. A page in a
// file has no more than what stands beside its items.
func (a *answer) readsPart() {
	a.Reveal = func() {
		if a.cut != nil && a.cut.file != nil {
			return
		}
		if body, err := decodeJSON(a.Received, a.Resp.Header.Get("Content-Type"), nil); err == nil {
			a.Value, a.Reveal = body, nil
		}
	}
}
