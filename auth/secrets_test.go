package auth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		got, err := s.Lookup(name)
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
	if err := os.Symlink("LOOP", filepath.Join(dir, "LOOP")); err != nil {
		t.Fatal(err)
	}
	s := NewSecrets(SecretsOptions{Dir: dir})
	for name, want := range map[string]string{
		"FOLDER": "secret FOLDER: " + dir + "/FOLDER (secrets.dir): not a regular file",
		"HUGE":   "secret HUGE: " + dir + "/HUGE (secrets.dir): larger than 64 KB, which is no secret",
		"BINARY": "secret BINARY: " + dir + "/BINARY (secrets.dir): holds a NUL byte: a secret is text",
		"LOOP":   "secret LOOP: " + dir + "/LOOP (secrets.dir): too many levels of symbolic links",
	} {
		if _, err := s.Lookup(name); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, name := range []string{"", "../x", "a/b", "a-b", "1a", "a b", "ä", "a.b", "A\x00"} {
		if _, err := s.Lookup(name); err == nil || !strings.Contains(err.Error(), "a name begins with a letter or _") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestMissingSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "TOKEN", "\n")
	s := NewSecrets(SecretsOptions{Environ: []string{"CREDENTIALS_DIRECTORY=/nowhere/at/all"}, Dir: dir})
	_, err := s.Lookup("TOKEN")
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
