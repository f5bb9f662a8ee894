package auth

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
)

// identity names a profile's sign-in in the store: by the profile's name, and by who signs in where. So a profile that is pointed at
// another server never sends it the tokens of the one before, and two projects may have profiles of one name.
func identity(p Profile) string {
	who := []any{p.Name}
	for _, name := range []string{
		"grant", "token_url", "issuer", "authorize_url", "device_url", "client_id", "username", "subject", "claims", "scope", "audience",
		"resource", "params",
	} {
		who = append(who, name, p.Settings[name])
	}
	if p.BaseURL != nil {
		who = append(who, p.BaseURL.String()) // the URLs may be relative to it
	}
	sum := sha256.Sum256(canonical(who))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// fingerprint changes with any setting of a profile that the server could see.
func fingerprint(p Profile) string {
	sum := sha256.Sum256(canonical([]any{p.Settings, p.TLS, p.Proxy, identity(p)}))
	return fmt.Sprintf("%x", sum[:16])
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x", sum[:16])
}

// canonical gives a text that is the same for the same values.
func canonical(v any) []byte {
	data, err := json.Marshal(v) // sorts the keys of maps
	if err != nil {
		return fmt.Appendf(nil, "%#v", v) // a setting of a form that JSON does not have
	}
	return data
}
