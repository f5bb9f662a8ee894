package jobs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/jobs"
	"snrun/jobs/source"
	"snrun/steps"
	"snrun/steps/soap/wsse"
)

// securedKinds are all kinds with one that takes ws_security of its profile.
func securedKinds() steps.Set {
	return steps.NewSet(append(jobs.Kinds(), &steps.Kind{
		Name: "message", Summary: "Sends a message",
		Takes: steps.ObjectOf(steps.Field{Name: "profile", Type: steps.Of(steps.Profile)}, wsse.Field()),
		Check: func(in steps.Input, dir string) []steps.Problem { return wsse.Problems(in.Object("ws_security"), dir) },
		Run:   noRun,
	})...)
}

const messageJob = "version: 1\nsteps:\n  - message: {profile: p}\n"

// securedProject has a profile with an `auth`, and a job that uses it.
func securedProject(t *testing.T, auth string) *jobs.Project {
	t.Helper()
	return projectOf(t, securedKinds(), map[string]string{
		"profiles.yaml": "version: 1\nprofiles:\n  p: {base_url: \"https://api.example.com\", auth: " + auth + "}\n", "jobs/job.yaml": messageJob,
	})
}

// TestSecurityReachesTheKind holds that the kind gets what stands in the profile, and that auth gets the rest.
func TestSecurityReachesTheKind(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		auth, signIn string
		want         steps.Input
		hidden       []string
	}{
		"beside basic": {
			`{type: basic, username: ann, password: pw, ws_security: {username: "${env.CLIENT}", password: "${secret.KEY}", password_type: digest, timestamp: 5m}}`, "basic",
			steps.Input{"username": "me", "password": "s3cret", "password_type": "digest", "timestamp": 5 * time.Minute, "must_understand": true}, []string{"s3cret"},
		},
		"alone": {
			`{ws_security: {username: ann, password: plain, sign: {pkcs12_file: "${env.CLIENT}", pkcs12_password: opens, parts: [body]}, must_understand: false}}`, "none",
			steps.Input{
				"username": "ann", "password": "plain", "password_type": "text", "must_understand": false,
				"sign": steps.Input{"pkcs12_file": "me", "pkcs12_password": "opens", "parts": []any{"body"}},
			},
			[]string{"plain", "opens"},
		},
		"not there": {`{type: none}`, "none", nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := securedProject(t, test.auth)
			job, err := p.Load("job")
			if err != nil {
				t.Fatal(err)
			}
			in, err := job.Steps[0].Body.(*jobs.Call).Input(profileNames())
			if err != nil {
				t.Fatal(err)
			}
			got, _ := in["ws_security"].(steps.Input)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("the kind got %#v, want %#v", got, test.want)
			}
			signIn, err := p.Profiles["p"].SignIn(profileNames())
			if err != nil || signIn.Auth != test.signIn || !reflect.DeepEqual(signIn.Hidden, test.hidden) || signIn.Settings["ws_security"] != nil {
				t.Errorf("auth got %+v, %v", signIn, err)
			}
		})
	}
}

// TestSecurityBesideAPreset holds that what a preset signs in with stays.
func TestSecurityBesideAPreset(t *testing.T) {
	t.Parallel()
	text := "version: 1\nprofiles:\n  p: {preset: servicenow, base_url: \"https://dev.example.com\", auth: {type: basic, username: a, password: b, ws_security: {username: ann}}}\n"
	p := projectOf(t, securedKinds(), map[string]string{"profiles.yaml": text}).Profiles["p"]
	if got, err := p.SignIn(profileNames()); err != nil || got.Auth != "basic" || got.Product == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestSecurityThatIsNull holds that no password is left out in silence.
func TestSecurityThatIsNull(t *testing.T) {
	t.Parallel()
	for auth, want := range map[string]string{
		`{ws_security: {username: ann, password: "${env.GONE}"}}`:                        "auth.ws_security.password is null, as env.GONE is not set",
		`{ws_security: {timestamp: 5m, verify: {cert_file: "${env.GONE}"}}}`:             "auth.ws_security.verify.cert_file is null, as env.GONE is not set",
		`{type: bearer, token: "${secret.KEY}", ws_security: {username: "${env.GONE}"}}`: "auth.ws_security.username is null, as env.GONE is not set",
	} {
		_, err := securedProject(t, auth).Profiles["p"].SignIn(profileNames())
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", auth, err, want)
		}
	}
}

// TestSecurityMistakes holds what is found before a run, and where.
func TestSecurityMistakes(t *testing.T) {
	t.Parallel()
	const at = "profiles.yaml:3:"
	for auth, want := range map[string][]string{
		`{}`:                                 {at + `50: auth needs the key "type"`},
		`{username: ann}`:                    {at + `50: auth needs the key "type"`},
		`{type: ws_security, username: ann}`: {at + "57: ws_security is no type: it stands beside any of them, or alone"},
		`{ws_security: x}`:                   {at + "64: ws_security must be a mapping, not the text"},
		`{ws_security: {user: ann}}`:         {at + `65: unknown key "user" in ws_security`},
		`{ws_security: {username: ann}, username: ann}`:                                 {at + `81: unknown key "username" in auth of type none`},
		`{type: basic, username: a, password: b, ws_security: {sign: {parts: [head]}}}`: {at + `119: parts[0] cannot be "head"`},
		`{ws_security: {username: ann, password_type: md5}}`:                            {at + `95: password_type cannot be "md5"`},
		`{ws_security: {password: x}}`:                                                  {at + "75: auth.ws_security.password: it needs the username that it belongs to"},
		`{ws_security: {verify: {cert_file: none.pem}}}`:                                {at + "85: auth.ws_security.verify.cert_file: none.pem cannot be read"},
		`{ws_security: {}}`: {at + "64: auth.ws_security: it does nothing as it stands"},
	} {
		text := "version: 1\nprofiles:\n  p: {base_url: \"https://api.example.com\", auth: " + auth + "}\n"
		got := mistakesOf(t, text)
		if len(got) != len(want) || len(got) > 0 && !strings.HasPrefix(got[0], want[0]) {
			t.Errorf("%s: got %q, want %q", auth, got, want)
		}
	}
}

// mistakesOf gives all mistakes of a profiles file and of the job that uses its profile.
func mistakesOf(t *testing.T, profiles string) []string {
	t.Helper()
	clean := projectOf(t, securedKinds(), map[string]string{"jobs/job.yaml": messageJob})
	if err := os.WriteFile(filepath.Join(clean.Dir, "profiles.yaml"), []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := jobs.Open(clean.Dir, clean.Settings, jobs.Options{Kinds: securedKinds()})
	if err == nil {
		_, err = p.Load("job")
	}
	var all source.Errors
	errors.As(err, &all)
	var texts []string
	for _, e := range all {
		texts = append(texts, fmt.Sprintf("%s:%d:%d: %s", filepath.Base(e.File), e.Line, e.Column, e.Message))
	}
	return texts
}

// TestSecurityIsExplained holds that the key has a page and a schema of its own, where a kind knows it.
func TestSecurityIsExplained(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"auth.ws_security":            "password_type: text | digest; default text",
		"ws_security":                 "WS-Security in SOAP messages",
		"auth.ws_security.sign.parts": "list of (body | timestamp | token | headers)",
		"auth.ws_security.verify":     "required: true | false; default true",
		"auth":                        "auth.ws_security",
	} {
		if page, err := jobs.Explain(securedKinds(), path); err != nil || !strings.Contains(page, want) {
			t.Errorf("%s: got %s, %v, want %s", path, page, err, want)
		}
	}
	if _, err := jobs.Explain(steps.NewSet(jobs.Kinds()...), "auth.ws_security"); err == nil {
		t.Error("it is explained where no kind knows it")
	}
}

// TestSecurityInTheSchema holds that editors know the key beside each type, and without one.
func TestSecurityInTheSchema(t *testing.T) {
	t.Parallel()
	schema := schemaWith(t, securedKinds(), "profiles")
	for auth, right := range map[string]bool{
		`{type: basic, username: a, password: b, ws_security: {timestamp: 5m}}`: true,
		`{ws_security: {timestamp: 5m, sign: {parts: [body]}}}`:                 true,
		`{type: none, ws_security: {username: a}}`:                              true,
		`{type: none}`:                   true,
		`{}`:                             false,
		`{username: a, ws_security: {}}`: false,
		`{ws_security: {user: a}}`:       false,
		`{type: bearer, token: x, ws_security: {verify: {}}}`: false,
	} {
		err := schema.Validate(asEditorsRead(t, "version: 1\nprofiles: {p: {auth: "+auth+"}}"))
		if (err == nil) != right {
			t.Errorf("%s: %v", auth, err)
		}
	}
}
