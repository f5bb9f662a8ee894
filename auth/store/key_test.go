package store

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	raw := []byte("\xfb\xff\xbe3456789abcdef0123456789abcdef")[:keySize]
	want := keyOf(raw)
	std := base64.StdEncoding.EncodeToString(raw)
	if !strings.ContainsAny(std, "+/") || !strings.HasSuffix(std, "=") {
		t.Fatal("the key does not tell the alphabets apart")
	}
	for _, test := range []struct{ name, text, err string }{
		{"base64", std, ""},
		{"not padded", strings.TrimRight(std, "="), ""},
		{"for URLs", base64.URLEncoding.EncodeToString(raw), ""},
		{"for URLs, not padded", base64.RawURLEncoding.EncodeToString(raw), ""},
		{"hex", hex.EncodeToString(raw), ""},
		{"upper case", strings.ToUpper(hex.EncodeToString(raw)), ""},
		{"white space around", " \t" + std + "\r\n\n", ""},
		{"as written", want.reveal(), ""},
		{"empty", "", "it is empty: a key is 32 bytes as base64 or hex"},
		{"blank", " \n", "it is empty: a key is 32 bytes as base64 or hex"},
		{"raw bytes", string(raw), "it is neither base64 nor hex: a key is 32 bytes as either"},
		{"a sentence", "open sesame, please", "it is neither base64 nor hex: a key is 32 bytes as either"},
		{"short", "c2VzYW1l", "it has 6 bytes: a key has 32, as base64 or hex"},
		{"long", std[:40] + std, "it has 62 bytes: a key has 32, as base64 or hex"},
		{"a digit less", hex.EncodeToString(raw)[:62], "it has 31 bytes: a key has 32, as base64 or hex"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseKey(test.text)
			if test.err == "" && (err != nil || !got.Equal(want)) {
				t.Errorf("got error %v, want the key", err)
			}
			if test.err != "" && (err == nil || err.Error() != test.err || !got.IsZero()) {
				t.Errorf("got %v\nwant %s", err, test.err)
			}
		})
	}
}

func FuzzParseKey(f *testing.F) {
	for _, text := range []string{testKey, "", "=", strings.Repeat("0", 64), "MDEy MzQ1", "c2VzYW1lIHNlc2FtZSBzZXNhbWUgc2VzYW1lIHNlc2FtZQ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseKey(text)
		if err != nil {
			if secret := strings.TrimSpace(text); len(secret) > 8 && strings.Contains(err.Error(), secret) && !strings.Contains("it is neither base64 nor hex: a key is 32 bytes as either", secret) {
				t.Errorf("the error quotes the text: %v", err)
			}
			return
		}
		if again, err := ParseKey(key.reveal()); err != nil || !again.Equal(key) {
			t.Errorf("what the key is written as gives another: %v", err)
		}
	})
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	if a, b := NewKey(), NewKey(); a.Equal(b) || a.IsZero() || bytes.Equal(a.name(), b.name()) {
		t.Error("two new keys are the same")
	}
}

func TestKeyIsMasked(t *testing.T) {
	t.Parallel()
	key, err := ParseKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		Key    Key
		hidden Key
		list   []Key
	}
	h := holder{key, key, []Key{key}}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%08.3f", "%t"} {
		fmt.Fprintf(&b, verb+" "+verb+" "+verb+"\n", key, &key, h)
	}
	fmt.Fprintln(&b, key.String())
	slog.New(slog.NewTextHandler(&b, nil)).Info("said", "key", key, "holder", h)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("said", "key", key, "holder", h)
	if err := json.NewEncoder(&b).Encode([]any{key, h, map[Key]int{key: 1}}); err != nil {
		t.Fatal(err)
	}
	raw := []byte(*key.raw)
	for _, form := range []string{
		string(raw), testKey, strings.TrimRight(testKey, "="), fmt.Sprintf("%x", raw), fmt.Sprintf("%X", raw), fmt.Sprint(raw), fmt.Sprintf("%#v", raw), "48 49 50", "0x30, 0x31",
	} {
		if strings.Contains(b.String(), form) {
			t.Errorf("the key shows as %s", form)
		}
	}
	if !strings.Contains(b.String(), `["***",{"Key":"***"},{"***":1}]`) {
		t.Errorf("the key is not masked as JSON:\n%s", b.String())
	}
}
