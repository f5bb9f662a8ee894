package jobs

import (
	"slices"
	"strings"
	"testing"

	"snrun/auth"
)

// TestPresetCauses holds that the grants which a preset speaks of are grants, so that what it says is ever said.
func TestPresetCauses(t *testing.T) {
	t.Parallel()
	var known []string
	for _, g := range auth.Grants() {
		known = append(known, g.Name)
	}
	for _, name := range presetNames() {
		for _, cause := range loadPreset(name).causes {
			for _, grant := range cause.Grants {
				if !slices.Contains(known, grant) {
					t.Errorf("%s: %q is no grant", name, grant)
				}
			}
			if cause.Check == "" || strings.Contains(cause.Check, "\n") || strings.HasSuffix(cause.Check, ".") {
				t.Errorf("%s: not one line without a full stop: %q", name, cause.Check)
			}
		}
	}
}

// TestPresetFileMistakes holds that a preset's file is read as strictly as any other.
func TestPresetFileMistakes(t *testing.T) {
	t.Parallel()
	const good = "version: 1\nproduct: P\nsummary: A P\ndoc: It is.\nexample: x\nprofile: {}\n"
	if _, err := readPreset("p", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"version: 1\n":    "a preset needs the keys",
		good + "extra: 1": `preset p:7:1: unknown key "extra" in a preset`,
		good + "causes: {access_denied: [{chek: a}]}": `unknown key "chek"`,
		good + "causes: {access_denied: a}":           "must be a list",
	} {
		if _, err := readPreset("p", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestPresetOfAnyKey holds that keys which code of their own reads may come of a preset too, though none of those there are has them.
func TestPresetOfAnyKey(t *testing.T) {
	t.Parallel()
	const file = "version: 1\nproduct: P\nsummary: A P\ndoc: It is.\nexample: x\nprofile: {base_url: 'https://p.example.com', retry: {attempts: 7}, auth: {type: basic}}\n"
	d := newDecoder(nil, nil)
	var err error
	if d.presets["servicenow"], err = readPreset("servicenow", []byte(file)); err != nil {
		t.Fatal(err)
	}
	p := d.profilesFile("profiles.yaml", []byte("version: 1\nprofiles:\n  p: {preset: servicenow, auth: {username: ann, password: pw}}\n"))["p"]
	if err := d.err(); err != nil || p.AuthType != "basic" || p.Retry == nil || p.Retry.Attempts != 7 {
		t.Errorf("got %+v, %v, want the preset's retry and way to sign in", p, err)
	}
}
