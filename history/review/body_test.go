package review

import (
	"testing"

	"snrun/steps"
)

func TestWhatIsMissingOfABody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		body string
		size int64
		want string
	}{
		{"nothing", `{"a":1}`, 7, ""},
		{"size unknown", `{"a":1`, -1, ""},
		{"its end", `{"a":1`, 2048, "cut here, 2.0 KB in all"},
		{"nothing of JSON with a mask", `{"a":"***"}`, 19, ""},
		{"no text", "\x00\x01", 2, "2 B of binary data"},
		{"not kept", "", 2048, "2.0 KB, not kept"},
		{"perhaps the end of a text with a mask", "a=***", 19, "19 B in all, before masking"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, got := Body(steps.Message{Body: []byte(test.body), Size: test.size}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
