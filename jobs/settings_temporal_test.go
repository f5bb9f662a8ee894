package jobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/jobs"
)

// TestCheckServer holds which addresses a Temporal server may have.
func TestCheckServer(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:7233": "", "localhost:7233": "", "[::1]:7233": "", "a-b.example.com:443": "",
		"": "write HOST:PORT", "temporal": "write HOST:PORT", ":7233": "its host is none", "http://a:1": "without a scheme", "a b:1": "its host is none",
		"a:0": `"0" is no port`, "a:65536": `"65536" is no port`, "a:grpc": `"grpc" is no port`, "a:-1": `"-1" is no port`, "@last:7233": "its host is none",
	} {
		err := jobs.CheckServer(address)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
}

// temporalOf reads the settings of a Temporal server.
func temporalOf(t *testing.T, text string) jobs.Temporal {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, jobs.SettingsFile), []byte("version: 1\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := jobs.ReadSettings(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s.Temporal
}

// TestTemporalSettings holds what is taken where nobody says otherwise, and when the connection is encrypted.
func TestTemporalSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, space, queue string
		encrypted                bool
	}{
		{"nothing", "", "default", "snrun", false},
		{"a server", "temporal: {address: \"127.0.0.1:7233\", namespace: a, task_queue: b}", "a", "b", false},
		{"a key", "temporal: {api_key: \"${secret.KEY}\"}", "default", "snrun", true},
		{"a key in plain text to this machine", "temporal: {address: \"localhost:1\", tls: false, api_key: \"${secret.KEY}\"}", "default", "snrun", false},
		{"the system's authorities", "temporal: {tls: true}", "default", "snrun", true},
		{"authorities of one's own", "temporal: {tls: {ca_file: ca.pem}}", "default", "snrun", true},
	} {
		s := temporalOf(t, test.text)
		if s.Space() != test.space || s.Queue() != test.queue || s.Encrypted() != test.encrypted {
			t.Errorf("%s: %s, %s, encrypted %t", test.name, s.Space(), s.Queue(), s.Encrypted())
		}
	}
}

// TestTemporalAPIKey holds that a key is computed from its secrets alone, and that what cannot be one is told of without it.
func TestTemporalAPIKey(t *testing.T) {
	t.Parallel()
	s := temporalOf(t, "temporal: {api_key: \"${secret.A}.${secret.B}\"}")
	if got := strings.Join(s.Secrets(), " "); got != "A B" {
		t.Errorf("it reads %s", got)
	}
	names := map[string]any{"env": map[string]any{}, "secret": map[string]any{"A": "first", "B": "second"}}
	if key, err := s.APIKey(names); key != "first.second" || err != nil {
		t.Error(key, err)
	}
	if texts, err := s.Derived(names); strings.Join(texts, " ") != "first second" || err != nil {
		t.Error(texts, err)
	}
	names["secret"] = map[string]any{"A": "first", "B": "second\n"}
	if _, err := s.APIKey(names); err == nil || !strings.Contains(err.Error(), "this is no key") || strings.Contains(err.Error(), "second") {
		t.Error("a key of two lines: ", err)
	}
	if key, err := (jobs.Temporal{}).APIKey(names); key != "" || err != nil {
		t.Error("no settings: ", key, err)
	}
}
