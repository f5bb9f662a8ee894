package review

import (
	"testing"

	"snrun/steps"
)

func TestLineKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, want string }{
		{"/call", "/call"},
		{"/call#2", "/call"},
		{"/outer#2/call", "/outer#2/call"},
		{"/outer#2/call#3", "/outer#2/call"},
		{"/each[inc-1]/call", "/each"},
		{"/each#2[a#b/c[d]]/call#2", "/each"},
		{"/outer#2/each[a]", "/outer#2/each"},
		{"/list/page:12", "/list"},
		{"/list/page:2#3", "/list"},
		{"/each/page:3[inc-17]/alert", "/each"},
		{"/page:x", "/page:x"},
	} {
		if got := LineKey(test.key); got != test.want {
			t.Errorf("%s: got %s, want %s", test.key, got, test.want)
		}
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ message, want string }{
		{"GET https://example.com/x: 404 Not Found: no record", "404 Not Found: no record"},
		{"GET https://example.com/x: 404 Not Found\nmore", "404 Not Found …"},
		{"profile sn: no token from https://example.com/token: status 401", "profile sn: no token from https://example.com/token: status 401"},
		{"the job says: no", "the job says: no"},
		{"POST is not allowed: use GET", "POST is not allowed: use GET"},
		{"", ""},
	} {
		if got := Brief(&steps.Error{Message: test.message}); got != test.want {
			t.Errorf("%q: got %q, want %q", test.message, got, test.want)
		}
	}
}
