package jobs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"snrun/auth"
	"snrun/jobs"
	"snrun/steps"
)

const someProfiles = `version: 1
profiles:
  full:
    base_url: ${env.URL}/api
    origins: [https://files.example.com]
    auth:
      type: oauth2
      token_url: /token
      client_id: ${env.CLIENT}
      client_secret: ${secret.KEY}
      scope: [a, "${env.SCOPE}"]
      params: {audience: x, b: "${secret.KEY}-y"}
      skew: 10s
      refresh_when: response.status == 403 and response.body.code == 7
    headers: {X-B: "1", X-A: 007}
    tls: {ca_file: ca.pem, min_version: 1.2}
    proxy: http://127.0.0.1:3128
    rate: {limit: 100, per: 1m}
    max_concurrent: 4
  bare:
    base_url: https://bare.example.com
`

func openProfiles(t *testing.T, text string) map[string]*jobs.Profile {
	t.Helper()
	return projectOf(t, allKinds(), map[string]string{"profiles.yaml": text}).Profiles
}

func profileNames() map[string]any {
	return map[string]any{
		"env":    map[string]any{"URL": "https://env.example.com", "CLIENT": "me", "SCOPE": "b"},
		"secret": map[string]any{"KEY": "s3cret"},
	}
}

// TestSignIn holds what auth is given of a profile.
func TestSignIn(t *testing.T) {
	t.Parallel()
	got, err := openProfiles(t, someProfiles)["full"].SignIn(profileNames())
	if err != nil {
		t.Fatal(err)
	}
	if got.RefreshWhen == nil {
		t.Error("refresh_when is lost")
	}
	got.RefreshWhen = nil
	want := auth.Profile{
		Name: "full", BaseURL: &url.URL{Scheme: "https", Host: "env.example.com", Path: "/api"}, Origins: []string{"https://files.example.com"},
		Auth: "oauth2",
		Settings: auth.Settings{
			"grant": "client_credentials", "token_url": "/token", "client_id": "me", "client_secret": "s3cret", "client_auth": "body",
			"scope": []string{"a", "b"}, "params": [][2]string{{"audience", "x"}, {"b", "s3cret-y"}},
			"skew": 10 * time.Second, "assume_ttl": 30 * time.Minute, "assertion_ttl": 5 * time.Minute,
			"token_path": "access_token", "expires_unit": "seconds",
		},
		TLS: auth.TLS{CAFile: "ca.pem", MinVersion: "1.2"}, Proxy: "http://127.0.0.1:3128",
		Header: http.Header{"X-A": {"007"}, "X-B": {"1"}},
		Rate:   auth.Rate{Limit: 100, Per: time.Minute}, MaxConcurrent: 4,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestSignInOfABareProfile(t *testing.T) {
	t.Parallel()
	got, err := openProfiles(t, someProfiles)["bare"].SignIn(profileNames())
	if err != nil || got.Auth != "none" || len(got.Settings) != 0 || got.RefreshWhen != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestSignInWithoutItsEnvironment holds that a variable that is not set is named, with the place that reads it.
func TestSignInWithoutItsEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, profile, want string }{
		{"the base URL", `{base_url: "${env.GONE}"}`, `profiles.yaml:3:17: profile p: base_url is null, as env.GONE is not set`},
		{"a part of it", `{base_url: "${env.GONE}/api"}`, `profiles.yaml:3:17: profile p: env.GONE is not set`},
		{"a setting", `{base_url: "https://api.example.com", auth: {type: bearer, token: "${env.GONE}"}}`, `profiles.yaml:3:72: profile p: auth.token is null, as env.GONE is not set`},
		{"no whole URL", `{base_url: "${env.SCOPE}"}`, `profile p: base_url must be a whole URL, not "b"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := openProfiles(t, "version: 1\nprofiles:\n  p: "+test.profile+"\n")["p"].SignIn(profileNames())
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			var failure *steps.Error
			if errors.As(err, &failure) && failure.Hint != "set the environment variable GONE" {
				t.Errorf("got the hint %q", failure.Hint)
			}
		})
	}
}

// TestSignInWithADefault holds that a variable that is not set is no mistake where the profile says what to do then.
func TestSignInWithADefault(t *testing.T) {
	t.Parallel()
	p := openProfiles(t, "version: 1\nprofiles:\n  p: {base_url: \"${env.GONE ?? 'https://api.example.com'}\", proxy: \"${env.GONE}\"}\n")["p"]
	got, err := p.SignIn(profileNames())
	if err != nil || got.BaseURL.Host != "api.example.com" || got.Proxy != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestDerived holds that everything a profile computes from secrets is known, so that it can be masked.
func TestDerived(t *testing.T) {
	t.Parallel()
	got, err := openProfiles(t, someProfiles)["full"].Derived(profileNames())
	if want := []string{"s3cret", "s3cret"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// TestRefreshWhen holds that the condition sees the answer, whose body reads the same afterwards.
func TestRefreshWhen(t *testing.T) {
	t.Parallel()
	p, err := openProfiles(t, someProfiles)["full"].SignIn(profileNames())
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]bool{`{"code": 7}`: true, `{"code": 8}`: false} {
		answer := &http.Response{StatusCode: 403, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		if got, err := p.RefreshWhen(answer); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", body, got, err, want)
		}
		if left, err := io.ReadAll(answer.Body); err != nil || string(left) != body {
			t.Errorf("the body reads %q, %v afterwards, want %q", left, err, body)
		}
	}
}

// TestSecrets holds which secrets a job needs: those it reads, and those of the profiles it uses.
func TestSecrets(t *testing.T) {
	t.Parallel()
	profiles := someProfiles + `  unused: {base_url: "https://x.example", auth: {type: bearer, token: "${secret.UNUSED}"}}
`
	j := load(t, allKinds(), profiles, `version: 1
steps:
  - rest: {profile: full, path: "/${secret.IN_PATH}", expect: "response.body == secret.IN_EXPECT"}
    retry: {when: secret.IN_RETRY == "x"}
  - if: secret["IN_IF"] == "x"
    log: ${secret.IN_LOG} ${secret.IN_LOG}
`)
	if want := []string{"IN_EXPECT", "IN_IF", "IN_LOG", "IN_PATH", "IN_RETRY", "KEY"}; !reflect.DeepEqual(j.Secrets, want) {
		t.Errorf("got %v, want %v", j.Secrets, want)
	}
	if want := []string{"full"}; !reflect.DeepEqual(j.Profiles, want) {
		t.Errorf("got the profiles %v, want %v", j.Profiles, want)
	}
	p := projectOf(t, allKinds(), map[string]string{"profiles.yaml": "version: 1\nprofiles:\n  two: {base_url: \"https://x.example\", " +
		"headers: {X: \"${secret.B}${secret.A}\"}, auth: {type: basic, username: \"${secret.B}\", password: \"${secret.C}\"}}\n  none: {base_url: \"https://x.example\"}\n"})
	if got, want := p.Profiles["two"].Secrets(), []string{"A", "B", "C"}; !reflect.DeepEqual(got, want) {
		t.Errorf("the profile reads %v, want %v", got, want)
	}
	if got := p.Profiles["none"].Secrets(); len(got) > 0 {
		t.Errorf("a profile without secrets reads %v", got)
	}
}

// TestSecretHint holds what is advised about a secret that cannot be had.
func TestSecretHint(t *testing.T) {
	t.Parallel()
	missing := &auth.MissingSecretError{
		Name: "SN_SECERT", Variable: "SNRUN_SECRET_SN_SECERT", Command: "snrun secret set SN_SECERT", Known: []string{"CHAT_KEY", "SN_SECRET"},
	}
	const set = "set it: snrun secret set SN_SECERT, or the environment variable SNRUN_SECRET_SN_SECERT"
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"a name close by", missing, `did you mean "SN_SECRET"? else ` + set},
		{"within another error", fmt.Errorf("x: %w", missing), `did you mean "SN_SECRET"? else ` + set},
		{"no name close by", &auth.MissingSecretError{Name: "X", Variable: "SNRUN_SECRET_X", Known: []string{"CHAT_KEY"}}, "set the environment variable SNRUN_SECRET_X"},
		{"another error that helps", fmt.Errorf("x: %w", &auth.SignInError{Status: 404}), (&auth.SignInError{Status: 404}).Help()},
		{"one that does not", errors.New("x"), ""},
	} {
		if got := jobs.SecretHint(test.err); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestSecretsAreNotLookedFor holds that without a lookup a job loads whether its secrets are there or not.
func TestSecretsAreNotLookedFor(t *testing.T) {
	t.Parallel()
	const job = "version: 1\nsteps: [{log: \"${secret.GONE}\"}]\n"
	load(t, allKinds(), "", job)
	p := projectOf(t, allKinds(), map[string]string{"jobs/job.yaml": job})
	asked := 0
	with, err := jobs.Open(p.Dir, p.Settings, jobs.Options{Kinds: allKinds(), Secret: func(name string) error {
		asked++
		return fmt.Errorf("no %s here", name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := with.Load("job"); err == nil || !strings.Contains(err.Error(), "no GONE here") || asked != 1 {
		t.Errorf("got %v after %d questions, want one that says so", err, asked)
	}
}

// TestWarnings holds that what is no mistake, but not wise either, can be told.
func TestWarnings(t *testing.T) {
	t.Parallel()
	p := projectOf(t, allKinds(), map[string]string{
		"profiles.yaml": "version: 1\nprofiles:\n  p: {base_url: \"http://api.example.com\", auth: {type: bearer, token: \"${secret.KEY}\"}}\n",
	})
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Message, "unencrypted") {
		t.Errorf("got %v, want one about the address", p.Warnings)
	}
}

// TestSignInWithClaims holds that claims come to auth as data, and that what they have of secrets can be masked.
func TestSignInWithClaims(t *testing.T) {
	t.Parallel()
	p := openProfiles(t, `version: 1
profiles:
  p:
    base_url: https://api.example.com
    auth:
      type: oauth2
      grant: jwt_bearer
      token_url: /token
      client_id: me
      private_key: ${secret.KEY}
      claims: {aud: me, level: 3, roles: [a, "${env.SCOPE}"], salt: {of: "x-${secret.KEY}"}}
`)["p"]
	got, err := p.SignIn(profileNames())
	want := map[string]any{"aud": "me", "level": json.Number("3"), "roles": []any{"a", "b"}, "salt": map[string]any{"of": "x-s3cret"}}
	if err != nil || !reflect.DeepEqual(got.Settings["claims"], want) {
		t.Errorf("got %v, %v, want %v", got.Settings["claims"], err, want)
	}
	if texts, err := p.Derived(profileNames()); err != nil || !reflect.DeepEqual(texts, []string{"s3cret", "s3cret"}) {
		t.Errorf("got %v, %v from secrets, want that of the key and that of the claim", texts, err)
	}
}
