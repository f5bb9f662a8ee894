package auth

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretNeverShows(t *testing.T) {
	t.Parallel()
	const text = "s3cr3t-value"
	s := NewSecret(text)
	type holder struct{ hidden Secret }

	shown := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%p", "%T", "%08.3f", "%!"} {
		shown["fmt "+verb] = fmt.Sprintf(verb, s)
		shown["fmt *"+verb] = fmt.Sprintf(verb, &s)
		shown["fmt field "+verb] = fmt.Sprintf(verb, holder{s})
		shown["fmt list "+verb] = fmt.Sprintf(verb, []Secret{s})
	}
	asJSON, err := json.Marshal(map[string]any{"s": s, "list": []Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	asXML, err := xml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "h", holder{s})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "h", holder{s})
	shown["json"], shown["xml"], shown["slog"] = string(asJSON), string(asXML), log.String()

	for how, got := range shown {
		if strings.Contains(got, text) || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", text)) {
			t.Errorf("%s shows the secret", how)
		}
	}
	if got := fmt.Sprint(s); got != "***" {
		t.Errorf("printed: got %q, want ***", got)
	}
	if want := `{"list":["***"],"s":"***"}`; string(asJSON) != want {
		t.Errorf("JSON: got %s, want %s", asJSON, want)
	}
	if got := s.Reveal(); got != text {
		t.Errorf("revealed: got %q, want the secret", got)
	}
	if got := (Secret{}).Reveal(); got != "" {
		t.Errorf("zero Secret: got %q, want none", got)
	}
}
