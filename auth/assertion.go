package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clientAssertionLife is how long a JWT that shows who the client is can be used.
const clientAssertionLife = 5 * time.Minute

// keyParams are the params of what is signed with a private key: grant jwt_bearer and client_auth private_key_jwt.
func keyParams() []Param {
	const users = " For grant jwt_bearer and client_auth private_key_jwt."
	return []Param{
		{Name: "private_key", Doc: "The key that signs, in PEM; line breaks may be written as `\\n`." + users, Example: "${secret.JWT_KEY}", Secret: true},
		{Name: "private_key_file", Doc: "The file of the key that signs, in PEM, relative to the project." + users, Example: "jwt-key.pem"},
		{Name: "key_id", Doc: "The name under which the server knows the key (`kid`)." + users, Example: "key-2026"},
		{Name: "algorithm", Doc: "How it is signed. Default: RS256, or for an elliptic curve what belongs to it." + users,
			Form: Enum, Values: []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}},
	}
}

func keyParamNames() []string {
	var names []string
	for _, p := range keyParams() {
		names = append(names, p.Name)
	}
	return names
}

// signingKey signs assertions.
type signingKey struct {
	key    crypto.Signer
	method jwt.SigningMethod
	id     string
}

// newSigningKey makes the signing key of a profile's settings. It reads the key's file, whose relative name starts in dir.
func newSigningKey(s Settings, dir string, redactor *Redactor) (*signingKey, error) {
	key, err := readPrivateKey(s, dir, redactor)
	if err != nil {
		return nil, err
	}
	method, err := methodFor(key, s.text("algorithm"))
	if err != nil {
		return nil, fmt.Errorf("auth.algorithm: %w", err)
	}
	return &signingKey{key: key, method: method, id: s.text("key_id")}, nil
}

// methodFor gives the way of signing that an algorithm names, "" for the one of the key. The error is a *keyError.
func methodFor(key crypto.Signer, algorithm string) (jwt.SigningMethod, error) {
	var own string
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS") {
			return jwt.GetSigningMethod(algorithm), nil
		}
		own = "RS256"
	case *ecdsa.PrivateKey:
		own = map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[key.Curve.Params().Name]
	}
	if algorithm == "" {
		algorithm = own
	}
	switch {
	case own == "":
		return nil, &keyError{"no algorithm of JWT can be used with this private key, which is " + keyKind(key), "use an RSA key, or one on the curve P-256, P-384 or P-521"}
	case algorithm != own:
		return nil, &keyError{fmt.Sprintf("%s cannot be used with this private key, which is %s", algorithm, keyKind(key)), "write algorithm: " + own}
	}
	return jwt.GetSigningMethod(algorithm), nil
}

func keyKind(key crypto.Signer) string {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return "for RSA"
	case *ecdsa.PrivateKey:
		return "on the curve " + key.Curve.Params().Name
	}
	return "for Ed25519"
}

// clientAssertion is a JWT that shows who the client is (RFC 7523 §2.2, OpenID Connect Core §9).
func (k *signingKey) clientAssertion(client, audience string) (string, error) {
	claims := freshClaims(clientAssertionLife)
	claims["iss"], claims["sub"], claims["aud"] = client, client, audience
	return k.sign(claims)
}

// jwtBearerAssertion is what grant jwt_bearer shows (RFC 7523 §2.1). The profile's claims have the last word.
func (e *endpoint) jwtBearerAssertion(address *url.URL) (string, error) {
	claims := freshClaims(e.settings.duration("assertion_ttl"))
	claims["aud"] = address.String()
	if client := e.settings.text("client_id"); client != "" {
		claims["iss"] = client
	}
	if subject := e.settings.text("subject"); subject != "" {
		claims["sub"] = subject
	}
	own, _ := e.settings["claims"].(map[string]any)
	maps.Copy(claims, own)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return e.key.sign(claims)
}

// freshClaims are the claims that no two assertions share.
func freshClaims(life time.Duration) jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"iat": now.Unix(), "exp": now.Add(life).Unix(), "jti": rand.Text()}
}

func (k *signingKey) sign(claims jwt.MapClaims) (string, error) {
	assertion := jwt.NewWithClaims(k.method, claims)
	if k.id != "" {
		assertion.Header["kid"] = k.id
	}
	signed, err := assertion.SignedString(k.key)
	if err != nil {
		return "", fmt.Errorf("signing the assertion: %w", err)
	}
	return signed, nil
}
