package soap

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/wsdl"
)

// unfetched tells why a WSDL that is fetched could not be had. The call itself was not made, so it may be tried again wherever the
// server may answer otherwise the next time.
func unfetched(ctx context.Context, name string, err error) error {
	var done *steps.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	e := &steps.Error{Kind: steps.Content, Message: fmt.Sprintf("the WSDL %s cannot be used: %v", shown(name), err), Hint: hintOf(err), Cause: err, NoEffect: true}
	var signIn steps.SignInError
	var held steps.HeldError
	var refused *wsdl.StatusError
	var unreached *wsdl.UnreachedError
	switch {
	case errors.As(err, &signIn):
		e.Kind, e.Hint = steps.Auth, signIn.Help()
		if signIn.Temporary() {
			e.Repeat, e.RetryAfter = steps.Always, signIn.RetryAfter()
		}
	case errors.As(err, &held):
		e.Kind, e.Hint = steps.Timeout, held.Help()
	case errors.As(err, &refused):
		e.Kind, e.Status, e.Repeat = steps.Status, refused.Status, repeatOf(refused.Status)
	case errors.As(err, &unreached):
		kind, text, hint := exchange.Unanswered(unreached)
		e.Kind, e.Hint, e.Message = kind, hint, fmt.Sprintf("the WSDL %s cannot be fetched: %s", shown(name), text)
		if kind == steps.Network {
			e.Repeat = steps.Always
		}
	case errors.Is(ctx.Err(), context.Canceled):
		e.Kind = steps.Cancelled
	case ctx.Err() != nil:
		e.Kind = steps.Timeout
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Repeat = steps.Timeout, steps.Always
	}
	return e
}

// repeatOf says whether a server that answers a GET with this status may answer otherwise later.
func repeatOf(status int) steps.Repeat {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return steps.Always
	}
	return steps.Never
}
