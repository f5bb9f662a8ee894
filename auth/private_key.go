package auth

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

// keyError says why a text is no private key that can sign. It never quotes the text.
type keyError struct {
	message string
	hint    string
}

// Error says what is wrong with the key.
func (e *keyError) Error() string { return e.message }

// Help says what a person should do next.
func (e *keyError) Help() string { return e.hint }

// problem is a keyError as Check reports it.
func (e *keyError) problem(path string) Problem {
	return Problem{Path: path, Message: e.message, Hint: e.hint}
}

// parsePrivateKey reads a private key in PEM: PKCS#8, PKCS#1 for RSA, or SEC 1 for elliptic curves. Line breaks may be written
// as \n, which is how a PEM comes out of a JSON file or a variable. The error is a *keyError.
func parsePrivateKey(text string) (crypto.Signer, error) {
	block, err := privateKeyBlock(strings.ReplaceAll(text, `\n`, "\n"))
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = parsePKCS8(block.Bytes)
	}
	if err != nil {
		return nil, &keyError{"the private key is damaged, or of a kind that is not known here", "compare it with its source: openssl pkey -in FILE -check"}
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, &keyError{"the private key is one that cannot sign", "use a key for RSA, ECDSA or Ed25519"}
	}
	return signer, nil
}

// readPrivateKey gives the key of the settings private_key and private_key_file, of which one is there. Relative names start
// in dir. What the file holds is given to the redactor.
func readPrivateKey(s Settings, dir string, redactor *Redactor) (crypto.Signer, error) {
	if s.has("private_key") {
		key, err := parsePrivateKey(s.text("private_key"))
		if err != nil {
			return nil, fmt.Errorf("auth.private_key: %w", err)
		}
		return key, nil
	}
	text, err := os.ReadFile(within(dir, s.text("private_key_file")))
	if err != nil {
		return nil, fmt.Errorf("auth.private_key_file: %w", err)
	}
	redactor.Add(string(text))
	key, err := parsePrivateKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("auth.private_key_file: %s: %w", s.text("private_key_file"), err)
	}
	return key, nil
}

// privateKeyBlock finds the private key among the blocks of a PEM, which may hold its curve and its certificate as well.
func privateKeyBlock(text string) (*pem.Block, error) {
	seen := ""
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, noPrivateKey(text, seen)
		}
		seen = block.Type
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, &keyError{"the private key is encrypted with a passphrase", "decrypt it, and keep it as a secret: openssl pkey -in FILE -out PLAIN"}
		case block.Type == "OPENSSH PRIVATE KEY":
			return nil, &keyError{"the private key is in the form of OpenSSH", "make one in PEM: openssl genpkey -algorithm ed25519"}
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return block, nil
		}
	}
}

// noPrivateKey says what a text is, since it is no private key. seen is the type of its last PEM block, "" when it has none.
func noPrivateKey(text, seen string) error {
	const form = "a private key in PEM starts with -----BEGIN PRIVATE KEY-----"
	switch {
	case strings.HasSuffix(seen, "PUBLIC KEY"):
		return &keyError{"this is a public key, not the private one", form}
	case strings.HasSuffix(seen, "CERTIFICATE"):
		return &keyError{"this is a certificate, without its private key", form}
	case strings.HasPrefix(strings.TrimSpace(text), "{"):
		return &keyError{"this is JSON, not the private key in it", "take the key out, as with jq -r .private_key FILE"}
	case strings.HasPrefix(strings.TrimSpace(text), `"`):
		return &keyError{"the private key stands in quotes", "take it without them, as jq -r gives it"}
	case strings.Contains(text, "-----BEGIN "):
		return &keyError{"the PEM is damaged", "keep its line breaks, or write each of them as \\n; in YAML put it behind |"}
	}
	return &keyError{"this is no private key in PEM", form}
}

// parsePKCS8 reads PKCS#8. The library knows no keys that are marked for RSA-PSS alone (RFC 4055), as OpenSSL makes them.
func parsePKCS8(der []byte) (any, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err == nil {
		return key, nil
	}
	var wrapped struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if _, inner := asn1.Unmarshal(der, &wrapped); inner != nil {
		return nil, err
	}
	if !wrapped.Algorithm.Algorithm.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}) {
		return nil, err
	}
	rsa, err := x509.ParsePKCS1PrivateKey(wrapped.Key)
	return rsa, err
}
