package auth

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func writeFile(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecretsLookup(t *testing.T) {
	t.Parallel()
	credentials, dir := t.TempDir(), t.TempDir()
	writeFile(t, credentials, "IN_ALL", "from-credentials")
	writeFile(t, dir, "IN_ALL", "from-dir")
	writeFile(t, credentials, "IN_BOTH", "from-credentials\n")
	writeFile(t, dir, "IN_BOTH", "from-dir")
	writeFile(t, dir, "CRLF", "from-dir\r\n")
	writeFile(t, dir, "TWO_NEWLINES", "from-dir\n\n")
	writeFile(t, dir, "CR", "from-dir\r")
	writeFile(t, dir, "EMPTY_ABOVE", "from-dir")
	writeFile(t, dir, ".gitignore", "*") // is no secret to suggest
	var largest strings.Builder
	for n := 0; largest.Len() < maxSecret; n++ {
		fmt.Fprintf(&largest, "%07x\n", n*0x9e3779)
	}
	writeFile(t, dir, "LARGEST", largest.String()[:maxSecret-1]+"x")
	r := NewRedactor()
	s := NewSecrets(SecretsOptions{
		Environ:  []string{"SNRUN_SECRET_IN_ALL=from-environment\n", "SNRUN_SECRET_EMPTY_ABOVE=", "CREDENTIALS_DIRECTORY=" + credentials, "odd"},
		Dir:      dir,
		Redactor: r,
	})
	for name, want := range map[string]string{
		"IN_ALL": "from-environment\n", "IN_BOTH": "from-credentials", "CRLF": "from-dir", "TWO_NEWLINES": "from-dir\n", "CR": "from-dir\r",
		"EMPTY_ABOVE": "from-dir", "LARGEST": largest.String()[:maxSecret-1] + "x",
	} {
		got, err := s.Lookup(t.Context(), name)
		if err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v, want %q", name, got.Reveal(), err, want)
		}
		if masked := r.Text("<" + want + ">"); masked != "<***>" {
			t.Errorf("%s is not masked: %s", name, masked)
		}
	}
	want := "[CR CRLF EMPTY_ABOVE IN_ALL IN_BOTH LARGEST TWO_NEWLINES]"
	if got := fmt.Sprint(s.Known()); got != want {
		t.Errorf("known: got %s, want %s", got, want)
	}
}

func TestSecretsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "FOLDER"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "HUGE", strings.Repeat("x", maxSecret+1))
	writeFile(t, dir, "BINARY", "abc\x00def")
	writeFile(t, dir, "LATIN", "p\xe4ssword")
	if err := os.Symlink("LOOP", filepath.Join(dir, "LOOP")); err != nil {
		t.Fatal(err)
	}
	s := NewSecrets(SecretsOptions{Dir: dir})
	for name, want := range map[string]string{
		"FOLDER": "secret FOLDER: " + dir + "/FOLDER (secrets.dir): not a regular file",
		"HUGE":   "secret HUGE: " + dir + "/HUGE (secrets.dir): larger than 64 KB, which is no secret",
		"BINARY": "secret BINARY: " + dir + "/BINARY (secrets.dir): holds a NUL byte: a secret is text",
		"LATIN":  "secret LATIN: " + dir + "/LATIN (secrets.dir): is not UTF-8: a secret is text, and a binary one is written in base64",
		"LOOP":   "secret LOOP: " + dir + "/LOOP (secrets.dir): too many levels of symbolic links",
	} {
		if _, err := s.Lookup(t.Context(), name); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, name := range []string{"", "../x", "a/b", "a-b", "1a", "a b", "ä", "a.b", "A\x00"} {
		if _, err := s.Lookup(t.Context(), name); err == nil || !strings.Contains(err.Error(), "a name begins with a letter or _") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestMissingSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "TOKEN", "\n")
	s := NewSecrets(SecretsOptions{Environ: []string{"CREDENTIALS_DIRECTORY=/nowhere/at/all"}, Dir: dir})
	_, err := s.Lookup(t.Context(), "TOKEN")
	var missing *MissingSecretError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	want := "secret TOKEN is missing: looked at SNRUN_SECRET_TOKEN, then /nowhere/at/all/TOKEN ($CREDENTIALS_DIRECTORY), then " + dir +
		"/TOKEN (secrets.dir) (there, but empty)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if missing.Name != "TOKEN" || missing.Variable != "SNRUN_SECRET_TOKEN" || !strings.Contains(missing.Help(), "SNRUN_SECRET_TOKEN") {
		t.Errorf("got %+v, %s", missing, missing.Help())
	}
}

// TestMissingSecretEverywhere has all the places that there can be.
func TestMissingSecretEverywhere(t *testing.T) {
	t.Parallel()
	place := placeOf(t)
	s := NewSecrets(SecretsOptions{
		Environ: []string{"CREDENTIALS_DIRECTORY=/nowhere", "SNRUN_SECRET_TOKENS=x"}, Dir: "/none",
		Exec: map[string][]string{"OTHER": {"get"}}, Store: place, Program: "./snrun",
	})
	_, err := s.Lookup(t.Context(), "TOKEN")
	missing, ok := errors.AsType[*MissingSecretError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	want := "secret TOKEN is missing: looked at SNRUN_SECRET_TOKEN, then /nowhere/TOKEN ($CREDENTIALS_DIRECTORY), then /none/TOKEN (secrets.dir), " +
		"then secrets.exec, then the store " + place.File + " (not there yet)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if got, want := missing.Help(), "set it: ./snrun secret set TOKEN, or the environment variable SNRUN_SECRET_TOKEN"; got != want {
		t.Errorf("got the help %s, want %s", got, want)
	}
	if got := fmt.Sprint(missing.Known); got != "[OTHER TOKENS]" {
		t.Errorf("known: got %s", got)
	}
}

// TestSecretOrigin holds that a secret is said to come from where Lookup takes it.
func TestSecretOrigin(t *testing.T) {
	t.Parallel()
	credentials, dir, place := t.TempDir(), t.TempDir(), placeOf(t)
	names := []string{"IN_ENVIRONMENT", "IN_CREDENTIALS", "IN_DIR", "IN_EXEC", "IN_STORE"}
	s := NewSecrets(SecretsOptions{Store: place})
	exec := map[string][]string{}
	for i, name := range names {
		if err := s.Set(name, "from the store"); err != nil {
			t.Fatal(err)
		}
		if i < 4 {
			exec[name] = []string{"printf", "from the command"}
		}
		if i < 3 {
			writeFile(t, dir, name, "from the dir")
		}
		if i < 2 {
			writeFile(t, credentials, name, "from the credentials")
		}
	}
	s = NewSecrets(SecretsOptions{
		Environ: []string{"SNRUN_SECRET_IN_ENVIRONMENT=from the environment", "CREDENTIALS_DIRECTORY=" + credentials, "PATH=" + os.Getenv("PATH")},
		Dir:     dir, Exec: exec, Store: place,
	})
	for i, want := range []struct {
		Origin
		value string
	}{
		{Origin{FromEnvironment, "SNRUN_SECRET_IN_ENVIRONMENT"}, "from the environment"},
		{Origin{FromCredentials, credentials + "/IN_CREDENTIALS ($CREDENTIALS_DIRECTORY)"}, "from the credentials"},
		{Origin{FromDir, dir + "/IN_DIR (secrets.dir)"}, "from the dir"},
		{Origin{FromExec, "the command printf (secrets.exec)"}, "from the command"},
		{Origin{FromStore, "the store " + place.File}, "from the store"},
	} {
		if got, err := s.Origin(names[i]); err != nil || got != want.Origin {
			t.Errorf("%s: got %v, %v, want %v", names[i], got, err, want.Origin)
		}
		if got, err := s.Lookup(t.Context(), names[i]); err != nil || got.Reveal() != want.value {
			t.Errorf("%s: got %q, %v, want %q", names[i], got.Reveal(), err, want.value)
		}
	}
}

func FuzzReadSecret(f *testing.F) {
	for _, text := range []string{"", "\n", "\r\n", "a\n\n", "a\r", "\x00", "\xff\n", "a\nb"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadSecret(bytes.NewReader(data))
		if bad := bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) || len(data) > maxSecret; bad != (err != nil) {
			t.Fatalf("%q: got %v", data, err)
		}
		if end := strings.TrimPrefix(string(data), got); err == nil && (end != "" && end != "\n" && end != "\r\n" || end == "" && strings.HasSuffix(got, "\n")) {
			t.Errorf("%q: got %q", data, got)
		}
	})
}
