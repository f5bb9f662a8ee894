package review

import (
	"bytes"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"snrun/engine"
	"snrun/history"
	"snrun/steps"
)

func exchangeOf(method, url string, m steps.Message) Exchange {
	return NewExchange(history.Exchange{Exchange: steps.Exchange{Method: method, URL: url, Request: m}})
}

func textBody(s string) steps.Message { return steps.Message{Body: []byte(s), Size: int64(len(s))} }

func TestCurl(t *testing.T) {
	t.Parallel()
	withHeader := func(m steps.Message, pairs ...string) steps.Message {
		m.Header = http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			m.Header.Add(pairs[i], pairs[i+1])
		}
		return m
	}
	for _, test := range []struct {
		name string
		x    Exchange
		want string
	}{
		{"a plain one", exchangeOf("GET", "https://example.com/a?b=c&d[0]=e", withHeader(steps.Message{}, "Accept", "application/json", "Accept-Encoding", "gzip", "Content-Length", "0")),
			"curl --globoff --url 'https://example.com/a?b=c&d[0]=e' \\\n  --header 'Accept: application/json' \\\n  --compressed\n"},
		{"a head", exchangeOf("HEAD", "https://example.com/", steps.Message{}), "curl --head --globoff --url 'https://example.com/'\n"},
		{"a body that looks like a file's name", exchangeOf("POST", "https://example.com/", withHeader(textBody("@/etc/passwd it's"), "Content-Type", "text/plain")),
			"curl --request POST --globoff --url 'https://example.com/' \\\n  --header 'Content-Type: text/plain' \\\n  --data-raw '@/etc/passwd it'\\''s'\n"},
		{"a body of no type", exchangeOf("GET", "https://example.com/", textBody("q")),
			"curl --request GET --globoff --url 'https://example.com/' \\\n  --header 'Content-Type:' \\\n  --data-raw 'q'\n"},
		{"secrets", exchangeOf("POST", "https://example.com/?key=***", withHeader(textBody(`{"p":"***"}`), "Authorization", "***", "X-Sig", "a ***", "Content-Type", "application/json")),
			`# what stands as MASKED was masked: set the variable MASKED to it before
# the value of the header authorization was masked: set the variable AUTHORIZATION to it before
# the value of the header x-sig was masked: set the variable X_SIG to it before
curl --request POST --globoff --url 'https://example.com/?key='"${MASKED:?}" \
  --header 'Authorization: '"${AUTHORIZATION:?}" \
  --header 'Content-Type: application/json' \
  --header 'X-Sig: a '"${X_SIG:?}" \
  --data-raw '{"p":"'"${MASKED:?}"'"}'
`},
		{"a body that was cut", exchangeOf("PUT", "https://example.com/", steps.Message{Header: http.Header{"Content-Type": {"text/csv"}}, Body: []byte("a,b"), Size: 4096}),
			"# its body of 4.0 KB was not kept whole: set the variable BODY to the name of a file that has it\n" +
				"curl --request PUT --globoff --url 'https://example.com/' \\\n  --header 'Content-Type: text/csv' \\\n  --data-binary \"@${BODY:?}\"\n"},
		{"a body that was not kept", exchangeOf("PUT", "https://example.com/", steps.Message{Header: http.Header{"Content-Type": {"text/csv"}}, Size: 4096}),
			"# its body of 4.0 KB was not kept: set the variable BODY to the name of a file that has it\n" +
				"curl --request PUT --globoff --url 'https://example.com/' \\\n  --header 'Content-Type: text/csv' \\\n  --data-binary \"@${BODY:?}\"\n"},
		{"a body that is no text", exchangeOf("PUT", "https://example.com/", steps.Message{Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte{0x89, 0, 1}, Size: 3}),
			"# its body is 3 B of binary data: set the variable BODY to the name of a file that has it\n" +
				"curl --request PUT --globoff --url 'https://example.com/' \\\n  --header 'Content-Type: image/png' \\\n  --data-binary \"@${BODY:?}\"\n"},
		{"what steers a terminal", exchangeOf("POST", "https://example.com/\x1b[2J", withHeader(textBody("a\r\nb\\n\x1b]0;x"), "X-A", "\x1b[31m", "X-B", "", "Content-Type", "text/plain")),
			"# the header X-A is left out, since it is no plain text\n" +
				"printf '%b' 'a\\0015\nb\\\\n\\0033]0;x' | curl --request POST --globoff --url 'https://example.com/%1B[2J' \\\n  --header 'Content-Type: text/plain' \\\n  --header 'X-B;' \\\n  --data-binary @-\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.x.Curl(&engine.Run{}); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestCurlNamesTheSignIn(t *testing.T) {
	t.Parallel()
	run := &engine.Run{File: "a.yaml", Text: "version: 1\nsteps:\n  - id: a\n    rest: {profile: \"sn\\n'$(x)\", path: /}\n"}
	x := exchangeOf("GET", "https://example.com/", steps.Message{})
	x.Step = "/a"
	if got, want := x.Curl(run), "# the sign-in of the profile sn '$(x) is left out\ncurl --globoff --url 'https://example.com/'\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// shell is what stands in for curl: it prints its arguments, and what it is given to read where it reads.
const shell = `curl() { printf '%s\0' "$@"; for last; do :; done; if [ "$last" = @- ]; then cat; fi; }
MASKED='***' AUTHORIZATION='***' X_A='***' BODY=file
`

// FuzzCurl has a shell take the command apart: it must come to the words of the request, and carry out nothing else.
func FuzzCurl(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("there is no sh")
	}
	f.Add("https://example.com/?a=$(touch x)`id`", "it's \\ $HOME \"q\"", "'; echo $(id) #\n\\\n@x")
	f.Add("https://example.com/***", "*** a", "a***b\r\n\\0101 \u202e ***")
	f.Add("", "", "\xff\x00")
	f.Fuzz(func(t *testing.T, url, header, body string) {
		x := exchangeOf("POST", url, steps.Message{Header: http.Header{"X-A": {header}}, Body: []byte(body), Size: int64(len(body))})
		text := x.Curl(&engine.Run{})
		if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
			t.Errorf("%q has a control character at %d", text, i)
		}
		got, err := exec.Command(sh, "-c", shell+text).Output()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		words := strings.Split(string(got), "\x00")
		if want := escapedURL(url); !slices.Contains(words, want) {
			t.Errorf("the URL is not among the words %q of\n%s", words, text)
		}
		if !strings.ContainsFunc(header, steers) && header != "" && !slices.Contains(words, "X-A: "+header) {
			t.Errorf("the header is not among the words %q of\n%s", words, text)
		}
		if body == "" || !utf8.ValidString(body) || strings.Contains(body, "\x00") {
			return
		}
		if !slices.Contains(words, body) && !bytes.HasSuffix(got, []byte("\x00"+body)) {
			t.Errorf("the body is not what the shell hands over: %q of\n%s", got, text)
		}
	})
}
