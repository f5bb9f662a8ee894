package jobs

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"90s":                        90 * time.Second,
		"0s":                         0,
		"6h":                         6 * time.Hour,
		"1d12h":                      36 * time.Hour,
		"2w":                         14 * 24 * time.Hour,
		"1w1d1h1m1s1ms":              8*24*time.Hour + time.Hour + time.Minute + time.Second + time.Millisecond,
		"1.5d":                       36 * time.Hour,
		".5s":                        500 * time.Millisecond,
		"250µs":                      250 * time.Microsecond,
		"106751d23h47m16.854775807s": math.MaxInt64,
	}
	for text, want := range tests {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q): got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                           "the duration is empty; write one such as 90s, 6h or 2d",
		"90":                         `"90" has no unit; write 90s, 90m or 90h`,
		"0":                          `"0" has no unit; write 0s, 0m or 0h`,
		"-90s":                       `"-90s" is negative; a duration is not`,
		"+90s":                       `"+90s" is no duration; write numbers with the units w, d, h, m, s and ms, such as 90s, 6h or 1d12h`,
		"5 m":                        `"5 m" is no duration; write numbers with the units w, d, h, m, s and ms, such as 90s, 6h or 1d12h`,
		"1h30":                       `"1h30" is no duration; write numbers with the units w, d, h, m, s and ms, such as 90s, 6h or 1d12h`,
		"1y":                         `"1y" is no duration; write numbers with the units w, d, h, m, s and ms, such as 90s, 6h or 1d12h`,
		"1.2.3s":                     `"1.2.3s" is no duration: "1.2.3" is no number; write one such as 90s, 6h or 1d12h`,
		"d":                          `"d" is no duration: "" is no number; write one such as 90s, 6h or 1d12h`,
		"15251w":                     `"15251w" is more than a duration can hold, which is 292 years`,
		"99999999999999999999s":      `"99999999999999999999s" is more than a duration can hold, which is 292 years`,
		"106751d23h47m16.854775808s": `"106751d23h47m16.854775808s" is more than a duration can hold, which is 292 years`,
	}
	for text, want := range tests {
		if got, err := ParseDuration(text); err == nil || err.Error() != want {
			t.Errorf("ParseDuration(%q): got %v, %v, want %s", text, got, err, want)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"1d12h", "2w", "90", "1.5d", ".s", "9223372036854775807ns", "1e3s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseDuration(text)
		if err == nil && got < 0 {
			t.Errorf("got %v of %q, want no negative duration", got, text)
		}
		want, goErr := time.ParseDuration(text)
		if goErr == nil && want > 0 && !strings.HasPrefix(text, "+") && (err != nil || got != want) {
			t.Errorf("got %v, %v of %q, want %v as in Go", got, err, text, want)
		}
	})
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	tests := map[time.Duration]string{
		0:                            "0s",
		350 * time.Microsecond:       "350µs",
		450 * time.Millisecond:       "450ms",
		999600 * time.Microsecond:    "1s",
		1540 * time.Millisecond:      "1.5s",
		59960 * time.Millisecond:     "1m",
		90 * time.Second:             "1m30s",
		time.Hour - time.Millisecond: "1h",
		125*time.Minute + 1:          "2h5m",
		24 * time.Hour:               "1d",
		52*time.Hour + time.Minute:   "2d4h",
		-90 * time.Second:            "-1m30s",
		math.MinInt64:                "-106751d23h",
	}
	for d, want := range tests {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d): got %q, want %q", d, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := map[string]int64{"0": 0, "512": 512, "512B": 512, "64KB": 64 << 10, "10MB": 10 << 20, "1GB": 1 << 30, "2TB": 2 << 40, "8388607TB": 8388607 << 40}
	for text, want := range tests {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q): got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "KB", "10 MB", "10mb", "1.5MB", "-1B", "+1B", "1KMB", "1BB", "0x10", "1MiB"} {
		want := `"` + text + `" is no size; write a whole number and B, KB, MB, GB or TB without a space, such as 64KB`
		if got, err := ParseSize(text); err == nil || err.Error() != want {
			t.Errorf("ParseSize(%q): got %d, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"8388608TB", "9223372036854775808"} {
		want := `"` + text + `" is more than a size can hold, which is 8388607TB`
		if got, err := ParseSize(text); err == nil || err.Error() != want {
			t.Errorf("ParseSize(%q): got %d, %v, want %s", text, got, err, want)
		}
	}
}
