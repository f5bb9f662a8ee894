package auth

import (
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
