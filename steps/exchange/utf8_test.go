package exchange

import "testing"

func TestInUTF8(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, data, contentType, want string }{
		{"nothing", "", "text/xml", ""},
		{"UTF-8", "<a>größer</a>", "text/xml", "<a>größer</a>"},
		{"UTF-8, called Latin-1", "<a>größer</a>", "text/xml; charset=iso-8859-1", "<a>größer</a>"},
		{"Latin-1", "<a>gr\xf6\xdfer</a>", "text/xml; charset=iso-8859-1", "<a>größer</a>"},
		{"Latin-1, called UTF-8", "gr\xf6\xdfer", "text/plain; charset=utf-8", "größer"},
		{"windows-1252", "5 \x80", "text/plain", "5 €"},
		{"a mix", "größer gr\xf6\xdfer", "text/plain", "größer größer"},
		{"UTF-16", "\x00<\x00a\x00/\x00>", "text/xml", "<a/>"},
		{"UTF-16, the other way", "<\x00a\x00/\x00>\x00", "text/xml", "<a/>"},
		{"UTF-16 with a mark", "\xfe\xff\x00<\x00a\x00/\x00>", "text/xml", "<a/>"},
		{"UTF-16 of no type", "\x00<\x00a\x00/\x00>", "", "<a/>"},
		{"UTF-16, cut", "\x00<\x00a\x00/\x00>\x00", "text/xml", "<a/>"},
		{"UTF-16, broken", "\x00<\xd8\x00\x00/\x00>", "text/xml", "(not shown: it is UTF-16, and cannot be read)"},
		{"no text", "\x00\x01\xff", "application/octet-stream", "\x00\x01\xff"},
		{"a picture", "\x89PNG\x00", "image/png", "\x89PNG\x00"},
	} {
		if got := string(inUTF8([]byte(tt.data), tt.contentType)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
