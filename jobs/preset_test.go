package jobs_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/jobs"
	"snrun/steps"
)

// presetsThere gives the names of the files of presets.
func presetsThere(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("presets/*")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no presets: ", err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}

// presetExample is a profiles file of a preset's example.
func presetExample(t *testing.T, name string) string {
	t.Helper()
	for _, topic := range jobs.Topics(allKinds()) {
		if topic.Name == "preset."+name {
			return "version: 1\nprofiles:\n  " + strings.ReplaceAll(topic.Example, "\n", "\n  ") + "\n"
		}
	}
	t.Fatalf("the preset %s has no page", name)
	return ""
}

// TestPresets holds that a file is all that a preset needs to be one: to be read, checked, explained and completed.
func TestPresets(t *testing.T) {
	t.Parallel()
	for _, name := range presetsThere(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			example := presetExample(t, name)
			signIn, err := openProfiles(t, example)[name].SignIn(secretsIn(example))
			if err != nil || signIn.Product == "" || len(signIn.Causes) == 0 || signIn.TestPath == "" {
				t.Errorf("got %+v, %v, want product, causes and test_path", signIn, err)
			}
			if err := schemaOf(t, "profiles").Validate(asEditorsRead(t, example)); err != nil {
				t.Errorf("an editor complains: %v", err)
			}
			field, err := json.Marshal(jobs.Schemas(allKinds())["profiles"])
			if err != nil || !strings.Contains(string(field), `"`+name+`"`) {
				t.Errorf("an editor does not complete it: %v", err)
			}
			if text := explained(t, name); text != explained(t, "preset."+name) || !strings.Contains(text, "what it stands for\n  ") {
				t.Errorf("the page does not say what it stands for:\n%s", text)
			}
			if text := explained(t, "profile.preset"); !strings.Contains(text, name) {
				t.Errorf("the key does not name it:\n%s", text)
			}
			if jobs.Reference(allKinds())["preset."+name+".md"] == "" {
				t.Error("the reference has no page")
			}
		})
	}
}

// secretsIn has a value for each secret that a text reads.
func secretsIn(text string) map[string]any {
	secrets := map[string]any{}
	for _, m := range regexp.MustCompile(`secret\.(\w+)`).FindAllStringSubmatch(text, -1) {
		secrets[m[1]] = "s3cret"
	}
	return map[string]any{"env": map[string]any{}, "secret": secrets}
}

// TestPresetsReadNothing holds that a preset needs neither environment nor secrets: nobody would know where they are asked for.
func TestPresetsReadNothing(t *testing.T) {
	t.Parallel()
	for _, name := range presetsThere(t) {
		data, err := os.ReadFile(filepath.Join("presets", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		_, profile, _ := strings.Cut(string(data), "\nprofile:\n")
		if strings.Contains(profile, "env.") || strings.Contains(profile, "secret.") {
			t.Errorf("%s reads the environment or a secret", name)
		}
	}
}

// TestPresetStandsIn holds what of a preset remains beside what a profile writes.
func TestPresetStandsIn(t *testing.T) {
	t.Parallel()
	client := auth.Settings{"client_id": "me", "client_secret": "s3cret"}
	known := auth.Settings{
		"grant": "client_credentials", "token_url": "/oauth_token.do", "client_auth": "body", "skew": time.Minute, "assume_ttl": 30 * time.Minute,
	}
	tests := []struct {
		name, profile string
		auth          string
		want          []auth.Settings
		headers       string
	}{
		{"what is not written", `{preset: servicenow, auth: {client_id: me, client_secret: s3cret}}`, "oauth2", []auth.Settings{known, client}, "application/json"},
		{"the same type", `{preset: servicenow, auth: {type: oauth2, client_id: me, client_secret: s3cret}}`, "oauth2", []auth.Settings{known, client}, "application/json"},
		{"a key under auth", `{preset: servicenow, auth: {client_id: me, client_secret: s3cret, skew: 5s, token_url: /t}}`, "oauth2",
			[]auth.Settings{known, client, {"skew": 5 * time.Second, "token_url": "/t"}}, "application/json"},
		{"another grant", `{preset: servicenow, auth: {grant: password, client_id: me, client_secret: s3cret, username: ann, password: pw}}`, "oauth2",
			[]auth.Settings{known, client, {"grant": "password", "username": "ann", "password": "pw"}}, "application/json"},
		{"another type", `{preset: servicenow, auth: {type: basic, username: ann, password: pw}}`, "basic",
			[]auth.Settings{{"username": "ann", "password": "pw"}}, "application/json"},
		{"another key, whole", `{preset: servicenow, headers: {X-A: b}, auth: {client_id: me, client_secret: s3cret}}`, "oauth2", []auth.Settings{known, client}, ""},
		{"a key that is switched off", `{preset: servicenow, headers: , auth: {client_id: me, client_secret: s3cret}}`, "oauth2", []auth.Settings{known, client}, ""},
		{"in a merged mapping", `{<<: {preset: servicenow, auth: {client_id: me, client_secret: s3cret}}}`, "oauth2", []auth.Settings{known, client}, "application/json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			profile := strings.Replace(test.profile, "{", `{base_url: "https://instance.example.com", `, 1)
			got, err := openProfiles(t, "version: 1\nprofiles:\n  p: "+profile+"\n")["p"].SignIn(secretsIn(""))
			if err != nil || got.Auth != test.auth || got.Header.Get("Accept") != test.headers {
				t.Errorf("got %s with Accept %q, %v, want %s with %q", got.Auth, got.Header.Get("Accept"), err, test.auth, test.headers)
			}
			want := auth.Settings{}
			for _, some := range test.want {
				maps.Copy(want, some)
			}
			for _, name := range append(slices.Collect(maps.Keys(known)), slices.Collect(maps.Keys(want))...) {
				if got.Settings[name] != want[name] {
					t.Errorf("%s: got %v, want %v", name, got.Settings[name], want[name])
				}
			}
		})
	}
}

// TestPresetOfAnAlias holds that a mapping which two profiles share has the preset's keys for the one that names it only.
func TestPresetOfAnAlias(t *testing.T) {
	t.Parallel()
	const text = `version: 1
profiles:
  first: {base_url: "https://a.example.com", auth: &client {type: oauth2, token_url: /a, client_id: me, client_secret: pw}}
  second: {preset: servicenow, base_url: "https://b.example.com", auth: *client}
  third: {base_url: "https://c.example.com", auth: *client}
`
	profiles := openProfiles(t, text)
	for name, want := range map[string]any{"first": nil, "second": "/oauth_revoke_token.do", "third": nil} {
		got, err := profiles[name].SignIn(secretsIn(""))
		if err != nil || got.Settings["revoke_url"] != want || got.Settings["token_url"] != "/a" || (got.TestPath != "") != (want != nil) {
			t.Errorf("%s: got %+v, %v, want the revoke_url %v", name, got, err, want)
		}
	}
}

// TestServiceNowExpect holds that an `error` under a good status is a failure, and that no form of body breaks the condition.
func TestServiceNowExpect(t *testing.T) {
	t.Parallel()
	j := load(t, allKinds(), presetExample(t, "servicenow"), "version: 1\nsteps:\n  - rest: {profile: servicenow, path: /x}\n")
	in, err := j.Steps[0].Body.(*jobs.Call).Input(map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		status int
		body   any
		want   bool
	}{
		{"a result", 200, map[string]any{"result": []any{}}, true},
		{"an error beside a good status", 200, map[string]any{"error": map[string]any{"message": "Transaction cancelled"}, "result": []any{}}, false},
		{"an error that is text", 201, map[string]any{"error": "no"}, false},
		{"an error that is null", 200, map[string]any{"error": nil}, true},
		{"an error that the step expects", 404, map[string]any{"error": map[string]any{"message": "No Record found"}}, true},
		{"text", 200, "error", true},
		{"a list", 200, []any{"error"}, true},
		{"no body", 204, nil, true},
		{"a number", 200, 7, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response := map[string]any{"status": test.status, "body": test.body}
			if got, err := in["profile_expect"].(*steps.Late).Eval(map[string]any{"response": response}); err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}
