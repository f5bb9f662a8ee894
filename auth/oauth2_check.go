package auth

import (
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

func checkOAuth2(p Profile) []Problem {
	s := p.Settings
	return slices.Concat(
		checkAddresses(p), checkIssuer(s), checkClient(s), checkGrant(s), checkClientAuth(p), checkUnused(s), checkKey(s),
		checkTokenParams(s), checkTokenHeaders(s), checkTokenPath(s), checkLifetimes(s),
		checkRedirectURL(s), checkAuthorizeParams(s),
	)
}

func checkAddresses(p Profile) []Problem {
	var problems []Problem
	if !p.Settings.has("token_url") && !p.Settings.has("issuer") {
		problems = append(problems, Problem{
			Path: "auth.token_url", Message: "oauth2 needs token_url",
			Hint: "write where tokens come from, or issuer for a server that tells its addresses itself",
		})
	}
	for _, param := range addressParams() {
		if text := p.Settings.text(param); text != "" {
			problems = append(problems, checkAddressParam(p, param)...)
		}
	}
	return problems
}

func checkAddressParam(p Profile, param string) []Problem {
	u, err := addressOf(p, param)
	if err != nil {
		return []Problem{{Path: "auth." + param, Message: err.Error(), Hint: "write /path with a base_url, or https://host/path"}}
	}
	if problems := checkURL("auth."+param, u); problems != nil {
		return problems
	}
	if !inTheClear(u) {
		return nil
	}
	message := "the client's secret would go over the network unencrypted"
	if param == "authorize_url" {
		message = "the sign-in would go over the network unencrypted"
	}
	return []Problem{{Path: "auth." + param, Message: message, Hint: "use https://", Warning: true}}
}

// checkIssuer holds an issuer to RFC 8414 §2. It is compared letter by letter, so it is not resolved against base_url.
func checkIssuer(s Settings) []Problem {
	text := s.text("issuer")
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || !u.IsAbs() {
		return []Problem{{Path: "auth.issuer", Message: "an issuer is a whole address", Hint: "write it as https://host or https://host/path"}}
	}
	if problems := checkURL("auth.issuer", u); problems != nil {
		return problems
	}
	switch {
	case u.RawQuery != "" || u.Fragment != "":
		return []Problem{{Path: "auth.issuer", Message: "an issuer has neither a query nor a fragment", Hint: "leave out what follows the path"}}
	case strings.Contains(u.Path, "/.well-known/"):
		return []Problem{{
			Path: "auth.issuer", Message: "this is the address of a discovery document, not the issuer", Hint: "leave out the path from /.well-known on",
		}}
	case inTheClear(u):
		return []Problem{{
			Path: "auth.issuer", Message: "the server's addresses would come over the network unencrypted", Hint: "use https://", Warning: true,
		}}
	}
	return nil
}

// checkClient asks for the client's id. An assertion can name somebody else as its issuer.
func checkClient(s Settings) []Problem {
	grant, _ := grantNamed(s.text("grant"))
	if s.has("client_id") {
		return nil
	}
	if claims, given := s["claims"]; grant.assertion != nil && given {
		named, _ := claims.(map[string]any)
		if plain := slices.Contains([]string{"body", "none", ""}, s.text("client_auth")); plain && (claims == nil || named["iss"] != nil) {
			return nil
		}
	}
	return []Problem{{Path: "auth.client_id", Message: "oauth2 needs client_id", Hint: "write the id under which this client is known to the server"}}
}

// checkGrant finds what the grant cannot do without.
func checkGrant(s Settings) []Problem {
	grant, known := grantNamed(s.text("grant"))
	if !known {
		return nil
	}
	var problems []Problem
	for _, name := range grant.needs {
		if s.has(name) || s.has("issuer") && slices.Contains(addressParams(), name) {
			continue
		}
		i := slices.IndexFunc(oauth2Type().Params, func(p Param) bool { return p.Name == name })
		problems = append(problems, missingParam(oauth2Type().Params[i], "grant "+grant.Name))
	}
	if grant.assertion != nil && !s.has("private_key") && !s.has("private_key_file") {
		problems = append(problems, missingKey("grant "+grant.Name))
	}
	return problems
}

func missingKey(of string) Problem {
	return Problem{
		Path: "auth.private_key", Message: of + " needs private_key or private_key_file",
		Hint: "add private_key: ${secret.NAME} with the key in PEM, or private_key_file with the name of its file",
	}
}

// checkClientAuth finds what the client cannot show for want of it.
func checkClientAuth(p Profile) []Problem {
	s := p.Settings
	grant, known := grantNamed(s.text("grant"))
	way := clientAuthNamed(s.text("client_auth"))
	switch {
	case way.secret && !s.has("client_secret"):
		if way.name == "body" && (grant.assertion != nil || !known) {
			return nil
		}
		return []Problem{{
			Path: "auth.client_secret", Message: fmt.Sprintf("client_auth %s needs client_secret", way.name),
			Hint: "add client_secret, or write client_auth: none for a client without one",
		}}
	case way.assertion && grant.assertion == nil && !s.has("private_key") && !s.has("private_key_file"):
		return []Problem{missingKey("client_auth " + way.name)}
	case way.certificate && !p.TLS.hasCertificate():
		return []Problem{{
			Path: "tls.cert_file", Message: fmt.Sprintf("client_auth %s needs a client certificate", way.name),
			Hint: "add tls: {cert_file: me.pem, key_file: me.key} to the profile, or tls: {pkcs12_file: me.p12, pkcs12_password: …}",
		}}
	}
	return nil
}

// hasCertificate says whether the client has a certificate to show.
func (t TLS) hasCertificate() bool { return t.CertFile != "" || t.PKCS12File != "" }

// checkUnused finds params that neither the grant nor the client's way of showing itself has a use for: whoever wrote one believes
// that it does something.
func checkUnused(s Settings) []Problem {
	grant, known := grantNamed(s.text("grant"))
	way := clientAuthNamed(s.text("client_auth"))
	if !known || way.name == "" {
		return nil
	}
	var problems []Problem
	for _, param := range oauth2Type().Params {
		// Addresses are facts about the server, true for every grant.
		if !param.givenIn(s) || slices.Contains(addressParams(), param.Name) || grant.uses(param.Name) || way.uses(param.Name) {
			continue
		}
		if problem, found := unused(param.Name, grant, way); found {
			problems = append(problems, problem)
		}
	}
	return problems
}

// givenIn says whether somebody wrote the param: its default stands in the settings by itself.
func (p Param) givenIn(s Settings) bool {
	return s.has(p.Name) && (p.Default == "" || s[p.Name] != p.defaultValue())
}

// unused tells who else uses a param that is of no use here. Found is false where it is of use to all.
func unused(param string, grant Grant, way clientAuth) (problem Problem, found bool) {
	var users []string
	grants, ways := false, false
	for _, g := range Grants() {
		if g.uses(param) {
			users, grants = append(users, "grant: "+g.Name), true
		}
	}
	for _, a := range clientAuths() {
		if a.uses(param) {
			users, ways = append(users, "client_auth: "+a.name), true
		}
	}
	problem = Problem{Path: "auth." + param, Hint: fmt.Sprintf("write %s, or leave it out", strings.Join(users, " or "))}
	switch {
	case param == "client_secret":
		problem.Message, problem.Hint = fmt.Sprintf("client_auth %s sends no secret", way.name), "leave one of the two out"
	case grants && ways:
		problem.Message = fmt.Sprintf("neither grant %s nor client_auth %s uses %s", grant.Name, way.name, param)
	case grants:
		problem.Message = fmt.Sprintf("grant %s does not use %s", grant.Name, param)
	}
	return problem, len(users) > 0
}

// checkKey looks at the private key, where it is known.
func checkKey(s Settings) []Problem {
	if s.has("private_key") && s.has("private_key_file") {
		return []Problem{{Path: "auth.private_key_file", Message: "private_key and private_key_file are both there", Hint: "leave one of the two out"}}
	}
	text := s.text("private_key")
	if text == "" {
		return nil
	}
	key, err := parsePrivateKey(text)
	if mistake, ok := err.(*keyError); ok {
		return []Problem{mistake.problem("auth.private_key")}
	}
	if algorithm, known := s["algorithm"].(string); known || !s.has("algorithm") {
		if _, err := methodFor(key, algorithm); err != nil {
			return []Problem{err.(*keyError).problem("auth.algorithm")}
		}
	}
	return nil
}

// checkTokenParams refuses parameters that have a key of their own: which of the two is sent would be a riddle.
func checkTokenParams(s Settings) []Problem {
	var problems []Problem
	for _, pair := range s.pairs("params") {
		switch name := pair[0]; name {
		case "audience", "resource":
			if !s.has(name) {
				continue
			}
		case "client_assertion", "client_assertion_type":
			if s.text("client_auth") != "private_key_jwt" {
				continue
			}
		case "grant_type", "client_id", "client_secret", "username", "password", "refresh_token", "scope", "assertion",
			"code", "code_verifier", "redirect_uri", "device_code":
		default:
			continue
		}
		problems = append(problems, Problem{
			Path: "auth.params." + pair[0], Message: pair[0] + " cannot be set in params",
			Hint: "it has a key of its own beside params, or follows from the grant",
		})
	}
	return problems
}

// checkTokenHeaders refuses headers that no request can carry, and those that say who the client is or how the request is framed.
func checkTokenHeaders(s Settings) []Problem {
	var problems []Problem
	for _, pair := range s.pairs("token_headers") {
		problem := Problem{Path: "auth.token_headers." + pair[0]}
		switch name := textproto.CanonicalMIMEHeaderKey(pair[0]); {
		case !httpguts.ValidHeaderFieldName(pair[0]):
			problem.Message, problem.Hint = fmt.Sprintf("%q is no name of a header", pair[0]), "write a name such as X-Tenant"
		case !httpguts.ValidHeaderFieldValue(pair[1]):
			problem = checkHeaderValue(problem.Path, pair[1])[0]
		case name == "Authorization":
			problem.Message, problem.Hint = "Authorization cannot be set in token_headers", "client_auth: header sends id and secret as HTTP Basic"
		case name == "Proxy-Authorization":
			problem.Message, problem.Hint = "Proxy-Authorization cannot be set in token_headers", "write the proxy's password into the address in proxy"
		case slices.Contains([]string{
			"Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Host", "Connection", "Upgrade", "Te", "Trailer", "Expect",
		}, name):
			problem.Message, problem.Hint = name+" cannot be set in token_headers", "it follows from the request; leave it out"
		default:
			continue
		}
		problems = append(problems, problem)
	}
	return problems
}

func checkTokenPath(s Settings) []Problem {
	if path := s.text("token_path"); path != "" && slices.Contains(strings.Split(path, "."), "") {
		return []Problem{{Path: "auth.token_path", Message: "token_path has an empty name in it", Hint: "write it as in data.access_token"}}
	}
	return nil
}

func checkLifetimes(s Settings) []Problem {
	var problems []Problem
	if s.duration("skew") < 0 {
		problems = append(problems, Problem{Path: "auth.skew", Message: "skew may not be negative", Hint: "write a duration such as 60s"})
	}
	for _, param := range []struct{ name, example string }{{"assume_ttl", "30m"}, {"assertion_ttl", "5m"}} {
		if life, known := s[param.name].(time.Duration); known && life <= 0 {
			problems = append(problems, Problem{
				Path: "auth." + param.name, Message: param.name + " must be more than zero", Hint: "write a duration such as " + param.example,
			})
		}
	}
	return problems
}
