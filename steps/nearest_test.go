package steps

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, candidates, want string }{
		{"metod", "method path query", "method"},
		{"mehtod", "method path query", "method"},
		{"METHOD", "method path query", "method"},
		{"save-to", "save save_to", "save_to"},
		{"header", "headers body", "headers"},
		{"steps", "step stop", "step"},
		{"pth", "path put", "path"},
		{"timeot", "timeout", "timeout"},
		{"incidnet", "incident incidents", "incident"},
		{"sysparam_limit", "sysparm_limit sysparm_offset", "sysparm_limit"},
		{"ab", "ba cd", "ba"},
		{"x", "a b c", ""},
		{"X", "a x", "x"},
		{"foo", "bar baz", ""},
		{"url", "body form json", ""},
		{"cat", "bat hat", "bat"}, // as near as hat: the first by the alphabet
		{"cat", "hat bat", "bat"},
		{"größe", "grösse grosse", "grösse"},
		{"anything", "", ""},
		{"", "a b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Nearest(tt.name, strings.Fields(tt.candidates)); got != tt.want {
				t.Errorf("Nearest(%q, %s) is %q, want %q", tt.name, tt.candidates, got, tt.want)
			}
		})
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, candidates, want string }{
		{"metod", "method path", `did you mean "method"?`},
		{"xyz", "method path", "it is one of method, path"},
		{"xyz", "method", "it can only be method"},
		{"xyz", "", ""},
		{"xyz", "aa bb cc dd ee ff gg hh ii jj kk ll", "it is one of aa, bb, cc, dd, ee, ff, gg, hh, ii, jj, kk, ll"},
		{"xyz", "aa bb cc dd ee ff gg hh ii jj kk ll mm", ""},
	}
	for _, tt := range tests {
		if got := Hint(tt.name, strings.Fields(tt.candidates)); got != tt.want {
			t.Errorf("Hint(%q, %s) is %q, want %q", tt.name, tt.candidates, got, tt.want)
		}
	}
}
