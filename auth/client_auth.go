package auth

import (
	"slices"

	"golang.org/x/oauth2"
)

// The names that RFC 7521 and its relatives give to what is shown in a token request.
const (
	jwtBearerType       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	deviceCodeType      = "urn:ietf:params:oauth:grant-type:device_code"
	clientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// clientAuth is a value of oauth2's `client_auth`: how the client shows the authorization server who it is. The style is always
// one of the two: left to itself the library would try both, each with the secret.
type clientAuth struct {
	name, summary string
	style         oauth2.AuthStyle // where the id goes, and the secret where there is one
	secret        bool             // shows client_secret
	assertion     bool             // shows a JWT that private_key signs (RFC 7523 §2.2)
	certificate   bool             // shows the profile's client certificate (RFC 8705)
	help          string           // what to do where the server does not believe it, "" for what SignInError says
}

func clientAuths() []clientAuth {
	return []clientAuth{
		{name: "body", summary: "id and secret in the body of the request", style: oauth2.AuthStyleInParams, secret: true},
		{name: "header", summary: "id and secret as HTTP Basic", style: oauth2.AuthStyleInHeader, secret: true},
		{name: "private_key_jwt", summary: "a JWT that `private_key` signs", style: oauth2.AuthStyleInParams, assertion: true,
			help: "check client_id, key_id and algorithm, the clock of this machine, and that the server knows the key"},
		{name: "mtls", summary: "the client certificate in the profile's `tls`", style: oauth2.AuthStyleInParams, certificate: true,
			help: "check client_id, and that the server knows the client's certificate in tls"},
		{name: "none", summary: "only the id, for a client that can keep no secret", style: oauth2.AuthStyleInParams},
	}
}

func clientAuthNames() []string {
	var names []string
	for _, a := range clientAuths() {
		names = append(names, a.name)
	}
	return names
}

// clientAuthNamed gives the zero value for a name that is not known.
func clientAuthNamed(name string) clientAuth {
	all := clientAuths()
	if i := slices.IndexFunc(all, func(a clientAuth) bool { return a.name == name }); i >= 0 {
		return all[i]
	}
	return clientAuth{}
}

// uses says whether a param serves this way of showing who the client is.
func (a clientAuth) uses(param string) bool {
	return a.secret && param == "client_secret" || a.assertion && slices.Contains(keyParamNames(), param)
}
