package auth

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckLogins(t *testing.T) {
	t.Parallel()
	code := Settings{"grant": grantAuthorizationCode, "authorize_url": "/authorize"}
	device := Settings{"grant": grantDeviceCode, "device_url": "/device"}
	with := func(base Settings, pairs ...any) Settings {
		all := Settings{}
		for name, value := range base {
			all[name] = value
		}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i].(string)] = pairs[i+1]
		}
		return all
	}
	params := func(name, value string) Settings { return with(code, "authorize_params", [][2]string{{name, value}}) }
	tests := []struct {
		name     string
		settings Settings
		want     string // "path: message", one a line
	}{
		{"authorization_code", code, ""},
		{"authorization_code by issuer", Settings{"grant": grantAuthorizationCode, "issuer": "https://as.example.com"}, ""},
		{"no page", Settings{"grant": grantAuthorizationCode}, "auth.authorize_url: grant authorization_code needs authorize_url"},
		{"device_code", device, ""},
		{"no device_url", Settings{"grant": grantDeviceCode}, "auth.device_url: grant device_code needs device_url"},
		{"both ways", with(code, "device_url", "/device"), ""},
		{"a redirect URL with a port", with(code, "redirect_url", "http://127.0.0.1:8912/callback"), ""},
		{"a redirect URL of any port", with(code, "redirect_url", "http://localhost/callback"), ""},
		{"a redirect URL elsewhere", with(code, "redirect_url", "https://example.com/callback"), ""},
		{"out of band", with(code, "redirect_url", "urn:ietf:wg:oauth:2.0:oob"), ""},
		{"a redirect URL not known yet", with(code, "redirect_url", nil), ""},
		{"a path", with(code, "redirect_url", "/callback"), "auth.redirect_url: a redirect_url is a whole address"},
		{"a fragment", with(code, "redirect_url", "https://example.com/#"), "auth.redirect_url: a redirect_url may not have a fragment (#…)"},
		{"port 0", with(code, "redirect_url", "http://127.0.0.1:0/callback"), "auth.redirect_url: there is no port 0"},
		{"in the clear", with(code, "redirect_url", "http://example.com/callback"), "auth.redirect_url: the code would go over the network unencrypted (a warning)"},
		{"for nobody", with(device, "redirect_url", "http://127.0.0.1/callback"), "auth.redirect_url: grant device_code does not use redirect_url"},
		{"a param", params("prompt", "login"), ""},
		{"the state", params("state", "x"), "auth.authorize_params.state: state cannot be set in authorize_params"},
		{"the challenge", params("code_challenge_method", "plain"), "auth.authorize_params.code_challenge_method: code_challenge_method cannot be set in authorize_params"},
		{"an audience", params("audience", "x"), ""},
		{"two audiences", with(params("audience", "x"), "audience", "y"), "auth.authorize_params.audience: audience cannot be set in authorize_params"},
		{"an answer as a form", params("response_mode", "form_post"), "auth.authorize_params.response_mode: the answer is read from the address that the browser comes back to"},
		{"the secret", params("client_secret", "x"), "auth.authorize_params.client_secret: client_secret would show in the browser"},
		{"a proof", params("client_assertion", "x"), "auth.authorize_params.client_assertion: client_assertion would show in the browser"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, problem := range Check(oauthProfile(t, baseOfTests, tt.settings)) {
				line := fmt.Sprintf("%s: %s", problem.Path, problem.Message)
				if problem.Warning {
					line += " (a warning)"
				}
				if problem.Hint == "" {
					t.Errorf("no hint: %s", line)
				}
				got = append(got, line)
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", text, tt.want)
			}
		})
	}
}
