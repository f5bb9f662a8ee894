package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"snrun/jobs"
)

// unreached says why a server cannot be spoken to, and what to do.
func unreached(ctx context.Context, t jobs.Temporal, c *tls.Config, err error) error {
	if told, isTold := errors.AsType[*exitError](err); isTold { // there is no key to come in with
		return told
	}
	if refused := refusal(t, err); refused != nil {
		return refused
	}
	if m := misfitOf(ctx, t, c); m != nil {
		return &exitError{exitSignIn, fmt.Errorf("the Temporal server at %s %s", t.Address, m.is), m.hint}
	}
	return silent(t, err)
}

// silent says that a server gives no answer, for whatever reason.
func silent(t jobs.Temporal, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", jobs.FormatDuration(answerLimit))
	}
	return &exitError{exitTransient, fmt.Errorf("the Temporal server at %s cannot be reached: %w", t.Address, err), "see whether it runs there"}
}

// refusal is what is said of a server that does not let its client do something; nil for other errors.
func refusal(t jobs.Temporal, err error) error {
	denied, isDenied := errors.AsType[*serviceerror.PermissionDenied](err)
	text := ""
	switch {
	case isDenied:
		text = denied.Error()
	case status.Code(err) == codes.Unauthenticated: // what stands before a server may say so too
		text = status.Convert(err).Message()
	default:
		return nil
	}
	hint := "it may want a key: temporal.api_key in snrun.yaml, as ${secret.NAME}"
	if len(t.Secrets()) > 0 {
		hint = "see whether the key of temporal.api_key has expired, and whether it may write to the namespace " + t.Space()
	}
	return &exitError{exitSignIn, fmt.Errorf("the Temporal server at %s refuses this client: %s", t.Address, strings.TrimSuffix(text, ".")), hint}
}

// orRefusal is an error of the server, with what to do where it refuses its client.
func (c *cluster) orRefusal(err error) error {
	if refused := refusal(c.Temporal, err); refused != nil {
		return refused
	}
	return err
}

// namespace gives the id of the namespace, and an error where it is not there. Who may not ask for it may do nothing in it: a worker has to ask too.
func (c *cluster) namespace(ctx context.Context) (id string, err error) {
	found, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Space()})
	var missing *serviceerror.NamespaceNotFound
	switch {
	case err == nil:
		return found.GetNamespaceInfo().GetId(), nil
	case errors.As(err, &missing):
		return "", &exitError{
			exitInvalid, fmt.Errorf("the Temporal server at %s has no namespace %q", c.Address, c.Space()),
			"name another one with --namespace, or make it: temporal operator namespace create -n " + c.Space(),
		}
	}
	if refused := refusal(c.Temporal, err); refused != nil {
		return "", refused
	}
	return "", silent(c.Temporal, err)
}
