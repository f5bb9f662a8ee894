package soap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/wsdl"
	"snrun/steps/soap/xsd"
)

// definitions gives the WSDL of the step.
func (c *call) definitions(ctx context.Context) (*wsdl.Definitions, error) {
	name := c.in.Text("wsdl")
	if isRemote(name) {
		defs, err := c.wsdls.fetch(ctx, c.in, c.env)
		return defs, unfetched(name, err)
	}
	defs, err := c.wsdls.file(c.env.Dir, name)
	if err != nil {
		e := exchange.BadInput("wsdl: %w", err)
		e.Hint = hintOf(err)
		return nil, e
	}
	return defs, nil
}

// unfetched tells why a WSDL that is fetched could not be had. Nothing was sent to the service then: where the server that has the
// WSDL may be up later, trying again does no harm.
func unfetched(name string, err error) error {
	var done *steps.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	e := &steps.Error{Kind: steps.Content, Hint: hintOf(err)}
	var signIn steps.SignInError
	var status *wsdl.StatusError
	var unreached *wsdl.UnreachedError
	switch {
	case errors.As(err, &signIn), errors.As(err, &unreached), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		said := err
		if unreached != nil {
			said = unreached // that is of the network, whichever document was asked for
		}
		e = exchange.Unreached(said)
		e.Message = fmt.Sprintf("the WSDL %s cannot be fetched: %s", shown(name), e.Message)
	case errors.As(err, &status):
		e.Kind, e.Status = steps.Status, status.Status
		if passes(status.Status) {
			e.Repeat = steps.Always
		}
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("the WSDL %s cannot be used: %v", shown(name), err)
	}
	e.Cause, e.NoEffect = err, true
	return e
}

// passes says whether a status is one that passes by itself.
func passes(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// shown is an address without its query, which may hold a key.
func shown(address string) string {
	plain, _, _ := strings.Cut(address, "?")
	return plain
}

func hintOf(err error) string {
	var wrong *xsd.Error
	if errors.As(err, &wrong) {
		return wrong.Hint
	}
	return ""
}
