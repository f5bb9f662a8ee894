package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

const typedKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END PRIVATE KEY-----"

func TestReadHidden(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, keys, want, problem string }{
		{"a line", "s3same\r", "s3same", ""},
		{"what follows is left alone", "s3same\rrest", "s3same", ""},
		{"a line feed ends it too", "s3same\nrest", "s3same", ""},
		{"spaces stay", " s3 same \r", " s3 same ", ""},
		{"a tab", "a\tb\r", "a\tb", ""},
		{"the end of input", "s3same", "s3same", ""},
		{"Ctrl-D", "s3same\x04", "s3same", ""},
		{"nothing", "\r", "", ""},
		{"backspace", "s3ü\x7fx\x08ame\r", "s3ame", ""},
		{"too many of them", "ab\x7f\x7f\x7f\x7fc\r", "c", ""},
		{"Ctrl-U", "wrong\x15s3same\r", "s3same", ""},
		{"Ctrl-C", "s3same\x03\r", "", "interrupted"},
		{"an arrow", "s3same\x1b[D\r", "", "a key was pressed that stands for no character"},
		{"long", strings.Repeat("0123456789", 1000) + "\r", strings.Repeat("0123456789", 1000), ""},
		{"too long", strings.Repeat("0123456789", 7000) + "\r", "", "larger than 64 KB, which is no secret"},
		{"not UTF-8", "p\xe4ss\r", "", "is not UTF-8: a secret is text, and a binary one is written in base64"},
		{"a key", strings.ReplaceAll(typedKey, "\n", "\r") + "\rrest", typedKey, ""},
		{"a key of another system", strings.ReplaceAll(typedKey, "\n", "\r\n") + "\r\n", typedKey, ""},
		{"half a key", typedKey[:40] + "\r\r", "", "the end of the PEM block is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := readHidden(strings.NewReader(test.keys))
			if problem := errorOf(err); got != test.want || problem != test.problem {
				t.Errorf("got %q, %q, want %q, %q", got, problem, test.want, test.problem)
			}
		})
	}
	broken := errors.New("the terminal is gone")
	if _, err := readHidden(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func errorOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzReadHidden(f *testing.F) {
	for _, keys := range []string{"a\r", "\x7f", "-----BEGIN A\r-----END A\r", "\r\n", "a\x15b\x04", "\xff\r"} {
		f.Add([]byte(keys))
	}
	f.Fuzz(func(t *testing.T, keys []byte) {
		got, err := readHidden(bytes.NewReader(keys))
		if err == nil && (!utf8.ValidString(got) || strings.ContainsAny(got, "\r\x03\x04\x15\x1b\x00") || len(got) > len(keys)) {
			t.Errorf("%q: got %q", keys, got)
		}
	})
}
