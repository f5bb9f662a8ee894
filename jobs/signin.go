package jobs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"snrun/auth"
	"snrun/steps"
)

// unknownURL stands for a base URL that is known only in a run.
var unknownURL = url.URL{Scheme: "http", Host: "127.0.0.1"}

// SignIns gives the profiles named with their environment and secrets filled in: names holds `env` and `secret`. Derived hears of each
// text in them that is computed from secrets, before an error quotes it.
func (p *Project) SignIns(profiles []string, names map[string]any, derived func(text string)) ([]auth.Profile, error) {
	var list []auth.Profile
	var errs []error
	for _, name := range profiles {
		profile := p.Profiles[name]
		texts, err := profile.Derived(names)
		for _, text := range texts {
			derived(text)
		}
		if err == nil {
			var filled auth.Profile
			filled, err = profile.SignIn(names)
			list = append(list, filled)
		}
		errs = append(errs, err)
	}
	return list, errors.Join(errs...)
}

// SignIn gives the profile with its environment and secrets filled in: names holds `env` and `secret`.
func (p *Profile) SignIn(names map[string]any) (auth.Profile, error) {
	rest, err := p.rest.eval(names)
	if err != nil {
		return auth.Profile{}, p.incomplete(names, err)
	}
	signIn := steps.Input{}
	if p.signIn != nil {
		if signIn, err = p.signIn.eval(names); err != nil {
			return auth.Profile{}, p.incomplete(names, err)
		}
	}
	if name := p.nullField(rest, signIn); name != "" {
		return auth.Profile{}, p.incomplete(names, &steps.Error{Kind: steps.BadInput, Message: name + " is null", Hint: "give it a value"})
	}
	out, err := p.assemble(rest, signIn)
	if err != nil {
		return auth.Profile{}, p.incomplete(names, err)
	}
	return out, nil
}

// Grant is the grant of a profile that signs in with oauth2, "" for others.
func (p *Profile) Grant() string { return p.signInKnown().Text("grant") }

// nullField names a key that cannot do without a value, and whose expression gave null.
func (p *Profile) nullField(rest, signIn steps.Input) string {
	if _, written := p.rest.known()["base_url"]; written && !rest.Has("base_url") {
		return "base_url"
	}
	if p.signIn == nil {
		return ""
	}
	for _, field := range p.signIn.list {
		if !signIn.Has(field.name) {
			return "auth." + field.name
		}
	}
	return nullIn(p.signIn.known().Object(securityKey), signIn.Object(securityKey), "auth."+securityKey)
}

// incomplete tells why a profile cannot be filled in: most likely a variable of the environment is not set.
func (p *Profile) incomplete(names map[string]any, err error) error {
	env, _ := names["env"].(map[string]any)
	for _, use := range p.used.env {
		if use.name == "*" || env[use.name] != nil {
			continue
		}
		why := fmt.Sprintf("env.%s is not set", use.name)
		if e, ok := err.(*steps.Error); ok && e.Kind == steps.BadInput {
			why = e.Message + ", as " + why
		}
		return &steps.Error{
			Kind: steps.BadInput, Message: fmt.Sprintf("%s: profile %s: %s", use.node.Pos(), p.Name, why),
			Hint: "set the environment variable " + use.name, Cause: err,
		}
	}
	return fmt.Errorf("profile %s: %w", p.Name, err)
}

// Derived gives the texts in the profile that are computed from secrets.
func (p *Profile) Derived(names map[string]any) ([]string, error) {
	texts, err := p.rest.derived(names)
	if err != nil || p.signIn == nil {
		return texts, err
	}
	more, err := p.signIn.derived(names)
	return append(texts, more...), err
}

func (p *Profile) signInKnown() steps.Input {
	if p.signIn == nil {
		return steps.Input{}
	}
	return p.signIn.known()
}

// assemble makes the profile that auth knows from the values of its keys. Those that are not known yet are nil in it.
func (p *Profile) assemble(rest, signIn steps.Input) (auth.Profile, error) {
	out := auth.Profile{Name: p.Name, Auth: p.AuthType, Proxy: rest.Text("proxy"), MaxConcurrent: rest.Int("max_concurrent"), Trace: rest.Bool("trace")}
	var err error
	if out.BaseURL, err = baseURL(rest["base_url"]); err != nil {
		return out, err
	}
	rate := rest.Object("rate")
	out.Rate = auth.Rate{Limit: rate.Int("limit"), Per: rate.Duration("per")}
	tls := rest.Object("tls")
	out.TLS = auth.TLS{
		CAFile: textOrLater(tls, "ca_file"), CertFile: textOrLater(tls, "cert_file"), KeyFile: textOrLater(tls, "key_file"),
		PKCS12File: textOrLater(tls, "pkcs12_file"), PKCS12Password: textOrLater(tls, "pkcs12_password"), MinVersion: tls.Text("min_version"),
	}
	for _, origin := range rest.List("origins") {
		if text, ok := origin.(string); ok {
			out.Origins = append(out.Origins, text)
		}
	}
	out.Header = http.Header{}
	for _, pair := range rest.Pairs("headers") {
		if text, ok := pair.Value.(string); ok {
			out.Header.Set(pair.Key, text)
		}
	}
	if out.Settings, err = settingsOf(p.AuthType, signIn); err != nil {
		return out, err
	}
	out.Hidden = secretTexts(p.security, signIn.Object(securityKey))
	out.RefreshWhen = p.refreshWhen()
	out.TestPath = rest.Text("test_path")
	if p.preset != nil {
		out.Product, out.Causes = p.preset.product, p.preset.causes
	}
	return out, nil
}

// textOrLater gives a text that is there for all checks, where it is known only in a run.
func textOrLater(in steps.Input, name string) string {
	if _, later := in[name].(steps.Unknown); later {
		return "${…}"
	}
	return in.Text(name)
}

func baseURL(v any) (*url.URL, error) {
	switch v := v.(type) {
	case steps.Unknown:
		placeholder := unknownURL
		return &placeholder, nil
	case string:
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("base_url must be a whole URL, not %q", v)
		}
		return u, nil
	}
	return nil, nil
}

// maxRejection bounds the body that `refresh_when` may look at, in bytes.
const maxRejection = 1 << 20

// refreshWhen lets the profile's condition look at an answer; nil when it has none.
func (p *Profile) refreshWhen() func(*http.Response) (bool, error) {
	if p.refresh == nil {
		return nil
	}
	return func(answer *http.Response) (bool, error) {
		response := map[string]any{"status": answer.StatusCode, "headers": lowerCase(answer.Header), "body": nil}
		if slices.Contains(p.refresh.Uses, "body") || slices.Contains(p.refresh.Uses, "*") {
			var err error
			if response["body"], err = peek(answer); err != nil {
				return false, err
			}
		}
		rejected, err := p.refresh.Eval(map[string]any{"response": response})
		return rejected == true, err
	}
}

func lowerCase(h http.Header) map[string]any {
	out := make(map[string]any, len(h))
	for name, values := range h {
		out[strings.ToLower(name)] = values[0]
	}
	return out
}

// peek reads the body of an answer and puts it back. JSON is decoded, anything else is text.
func peek(answer *http.Response) (any, error) {
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxRejection))
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), answer.Body), answer.Body}
	if v, err := steps.DecodeJSON(data); err == nil {
		return v, nil
	}
	return string(data), nil
}
