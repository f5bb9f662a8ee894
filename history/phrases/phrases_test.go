package phrases_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"snrun/history/phrases"
)

func TestIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ wanted, text, found string }{
		{"INC17", `{"number": "inc17"}`, "inc17"},
		{"inc17", "a3DINC17", ""},     // in the middle of a word
		{"inc17", "a=INC17", "INC17"}, // behind a sign
		{"inc17", "a%3DINC17", "INC17"},
		{"inc17", `a\nINC17`, "INC17"},
		{"inc1", "INC17", "INC1"}, // it ends anywhere
		{`"not found" 404`, "404: Not\n\tFound", "Not\n\tFound"},
		{`"not found" 404`, "404: not to be found", ""},
		{`"a": "b"`, `{"a": "b"}`, `a": "b`}, // quotes count at the ends of words only
		{"エラー", "接続エラー", "エラー"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφος"},
		{"k", "\u212a", ""}, // no letter of ASCII is another one's
		{"50%_off", `50%_OFF\`, "50%_OFF"},
	} {
		w, err := phrases.Parse(test.wanted)
		if err != nil {
			t.Errorf("%s: %v", test.wanted, err)
			continue
		}
		form, from, to, found := w.In(test.text)
		if form[from:to] != test.found || found != (test.found != "") {
			t.Errorf("%s in %s: found %q, %t, want %q", test.wanted, test.text, form[from:to], found, test.found)
		}
	}
}

func TestNothingToLookFor(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \t", `""`, `" "`, strings.Repeat("x", 1001)} {
		if _, err := phrases.Parse(text); !errors.Is(err, phrases.ErrText) {
			t.Errorf("%.20q: %v, want ErrText", text, err)
		}
	}
}

// TestWords holds which words an index has, and by which of them it finds what is wanted.
func TestWords(t *testing.T) {
	t.Parallel()
	var has []string
	phrases.EachWord(`{"Name": "B\u00e9la-2"}`, func(word string) { has = append(has, word) })
	if want := []string{"name", "b", "u00e9la", "2", "name", "béla", "2"}; !slices.Equal(has, want) {
		t.Errorf("a text has the words %q, want %q", has, want)
	}
	for text, want := range map[string][]string{
		"Béla": {"béla*"}, `"Béla-2," name`: {"béla", "2", "name*"}, "エラ": {"エ", "ラ"}, "--": nil,
	} {
		w, err := phrases.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		w.EachWord(func(word string, whole bool) {
			if !whole {
				word += "*"
			}
			got = append(got, word)
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s is found by %q, want %q", text, got, want)
		}
	}
}
