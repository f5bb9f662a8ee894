package words

import (
	"testing"
	"time"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"plain", "grüße, 世界", "grüße, 世界"},
		{"lines stay", "a\r\nb", "a\nb"},
		{"tab", "a\tb", "a b"},
		{"colour", "\x1b[31mred", "�[31mred"},
		{"title of the window", "\x1b]0;x\x07", "�]0;x�"},
		{"8-bit control", "a\u009b31m", "a�31m"},
		{"direction of writing", "a\u202eb\u2066c", "a�b�c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Clean(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFirstLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "a": "a", "  a \n": "a", "a\nb": "a …", "\n\na \n\nb": "a …"} {
		if got := FirstLine(text); got != want {
			t.Errorf("FirstLine(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-1: "0ms", 0: "0ms", 212 * time.Millisecond: "212ms", 999999 * time.Microsecond: "999ms", 1250 * time.Millisecond: "1.2s",
		9999 * time.Millisecond: "9.9s", 48900 * time.Millisecond: "48s", 184 * time.Second: "3m04s", 125 * time.Minute: "2h05m",
		76 * time.Hour: "3d4h",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		0: "just now", time.Second * 59: "59 seconds ago", time.Minute: "1 minute ago", 90 * time.Minute: "1 hour ago",
		49 * time.Hour: "2 days ago", -time.Minute: "in 1m00s",
	} {
		if got := Ago(then, then.Add(d)); got != want {
			t.Errorf("Ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{-1: "?", 0: "0 B", 1023: "1023 B", 1024: "1.0 KB", 10 << 20: "10 MB", 3 << 50: "3072 TB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestArgument(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"alerts": "alerts", "/alerts[a b]/x": "'/alerts[a b]/x'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'", "a\nb": "'a\nb'",
	} {
		if got := Argument(text); got != want {
			t.Errorf("Argument(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -999: "-999", -123456: "-123,456"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
