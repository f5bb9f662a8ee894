package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// How it stands with a sign-in that needs a person, by what is kept of it.
func TestStatusOfASignInThatNeedsAPerson(t *testing.T) {
	t.Parallel()
	now := time.Now()
	past, future := now.Add(-time.Hour), now.Add(time.Hour)
	source := sourceIn(t, &system{}, Settings{"grant": "authorization_code", "authorize_url": "/authorize"}, placeOf(t))
	tests := []struct {
		name  string
		kept  record
		state State
		help  bool
	}{
		{"nobody has signed in", record{}, StateNew, true},
		{"signed in", record{State: StateOK, Access: "T", Expires: future, Refresh: "R"}, StateOK, false},
		{"a token that can be renewed", record{State: StateOK, Access: "T", Expires: past, Refresh: "R"}, StateOK, false},
		{"a token that cannot be renewed, and lives", record{State: StateOK, Access: "T", Expires: future}, StateOK, false},
		{"a token that cannot be renewed", record{State: StateOK, Access: "T", Expires: past}, StateReauth, true},
		{"a sign-in that ended", record{State: StateOK, Access: "T", Expires: past, Refresh: "R", RefreshExpires: past}, StateReauth, true},
		{"a sign-in that ended, and a token that lives", record{State: StateOK, Access: "T", Expires: future, Refresh: "R", RefreshExpires: past}, StateOK, false},
	}
	for _, tt := range tests {
		st := Status{State: StateNew}
		source.describe(&st, &tt.kept)
		if st.State != tt.state || (st.Help == source.endpoint.loginHelp()) != tt.help {
			t.Errorf("%s: got %s, %q", tt.name, st.State, st.Help)
		}
	}
}

func TestLoginThatIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	failed := &SignInError{kind: abandoned, Cause: context.Canceled}
	if err := loginOutcome(ctx, failed); err != failed {
		t.Errorf("before: got %v", err)
	}
	cancel()
	if err := loginOutcome(ctx, failed); err != context.Canceled {
		t.Errorf("after: got %v", err)
	}
	if err := loginOutcome(ctx, &SignInError{kind: refused}); errors.Is(err, context.Canceled) {
		t.Errorf("a refusal: got %v", err)
	}
}

// The grant device_code is a login on another device without being told to be one.
func TestLoginOfADeviceGrant(t *testing.T) {
	t.Parallel()
	source := sourceIn(t, &system{}, Settings{"grant": "device_code", "device_url": "/device"}, placeOf(t))
	source.endpoint.urls.device = nil
	err := (&Keyring{sources: map[string]*tokenSource{"p": source}}).Login(t.Context(), "p", Prompt{})
	if err == nil || !strings.Contains(err.Error(), "where codes for another device come from is not known") {
		t.Errorf("got %v", err)
	}
}
