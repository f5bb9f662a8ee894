package wsse

import (
	"strings"
	"testing"

	"snrun/steps"
)

func TestHidden(t *testing.T) {
	t.Parallel()
	token := func(inside string) string {
		return `<?xml version="1.0"?><e:Envelope><s:UsernameToken ><s:Username>ann</s:Username>` + inside + `</s:UsernameToken><Password>data</Password></e:Envelope>`
	}
	tests := map[string]struct{ in, want string }{
		"none":       {"<a><Password>x</Password></a>", "<a><Password>x</Password></a>"},
		"text":       {token(`<s:Password Type="t">s&amp;3</s:Password>`), token(`<s:Password Type="t">***</s:Password>`)},
		"digest":     {token("<Password>abc=</Password><Nonce>123</Nonce><u:Created>2026</u:Created>"), token("<Password>***</Password><Nonce>***</Nonce><u:Created>2026</u:Created>")},
		"comments":   {token("<Password>a<!-- b -->c<![CDATA[d]]></Password>"), token("<Password>***</Password>")},
		"elements":   {token("<Password>a<b>c</b>d</Password>"), token("<Password>***<b>***</b></Password>")},
		"empty":      {token("<Password/><Nonce></Nonce>"), token("<Password/><Nonce></Nonce>")},
		"cut":        {strings.Split(token("<Password>abcdef"), "def")[0], strings.Split(token("<Password>abcdef"), "abc")[0] + "***"},
		"cut in tag": {"<UsernameToken><Password Ty", "<UsernameToken>***"},
		"broken":     {token("<Password>a&b;c</Password>"), strings.Split(token("<Password>abcdef"), "abc")[0] + "***"},
		"closed":     {"</a>UsernameToken", "</a>UsernameToken"},
		"other":      {"no UsernameToken < at all", "no UsernameToken < at all"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(Hidden([]byte(test.in))); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestHiddenInWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"text", "digest"} {
		got := secured(t, opened(t, t.TempDir(), steps.Input{"username": "ann", "password": "s3cret", "password_type": kind}), envelope)
		hidden := string(Hidden([]byte(got)))
		for _, tag := range []string{"wsse:Password", "wsse:Nonce"} {
			if strings.Contains(got, tag) && within(t, hidden, tag) != "***" {
				t.Errorf("%s shows in %s", tag, hidden)
			}
		}
	}
}

func FuzzHidden(f *testing.F) {
	f.Add(`<a><UsernameToken><Password>s3cret</Password></UsernameToken></a>`, 40)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		got := string(Hidden([]byte(text)))
		if !strings.Contains(text, "UsernameToken") && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
