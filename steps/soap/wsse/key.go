package wsse

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"snrun/steps"
)

// fromPEM reads the certificate and the key of a signer.
func (o *opener) fromPEM(s *signer, in steps.Input) {
	certFile, known := in["cert_file"].(string)
	if !known {
		return
	}
	list := o.certificates(".sign.cert_file", certFile)
	keyFile, at := certFile, ".sign.cert_file"
	if in.Has("key_file") {
		if keyFile, known = in["key_file"].(string); !known {
			return
		}
		at = ".sign.key_file"
	}
	key := o.privateKey(at, keyFile)
	if list == nil || key == nil {
		return
	}
	if !key.PublicKey.Equal(list[0].PublicKey) {
		o.wrong(at, "compare them: openssl x509 -in FILE -noout -pubkey, openssl pkey -in FILE -pubout", "the key in %s is not that of the first certificate in %s", keyFile, certFile)
		return
	}
	s.certificate, s.key = list[0], key
}

// fromPKCS12 reads both from one file (RFC 7292), of old encryptions too.
func (o *opener) fromPKCS12(s *signer, in steps.Input) {
	const at = ".sign.pkcs12_file"
	name, known := in["pkcs12_file"].(string)
	if _, later := in["pkcs12_password"].(steps.Unknown); later || !known {
		return
	}
	data := o.read(at, name)
	if data == nil {
		return
	}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		o.wrong(at, "name it in cert_file", "%s is a PEM file", name)
		return
	}
	key, first, others, err := pkcs12.DecodeChain(data, in.Text("pkcs12_password"))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		o.wrong(".sign.pkcs12_password", "see whether openssl pkcs12 -info -in FILE opens it", "it does not open %s", name)
		return
	case err != nil:
		o.wrong(at, "see what openssl pkcs12 -info -in FILE says", "%s cannot be read: %s", name, err)
		return
	}
	if s.key = o.rsaKey(at, name, key); s.key == nil {
		return
	}
	all := append([]*x509.Certificate{first}, others...)
	own := slices.IndexFunc(all, func(c *x509.Certificate) bool { return s.key.PublicKey.Equal(c.PublicKey) })
	if own < 0 {
		o.wrong(at, "export the certificate together with its key", "the key in %s is not that of a certificate in it", name)
		return
	}
	s.certificate = all[own]
}

// certificates reads all certificates of a PEM file; nil where it has none that can be used.
func (o *opener) certificates(at, name string) []*x509.Certificate {
	data := o.read(at, name)
	if data == nil {
		return nil
	}
	var list []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			o.wrong(at, "see what openssl x509 -in FILE -text says", "a certificate in %s is damaged: %s", name, err)
			return nil
		}
		if _, ok := c.PublicKey.(*rsa.PublicKey); !ok {
			o.wrong(at, "signatures are RSA with SHA-256 here; use a certificate for RSA", "a certificate in %s is not for RSA", name)
			return nil
		}
		list = append(list, c)
	}
	if list == nil {
		o.wrong(at, "a certificate in PEM starts with -----BEGIN CERTIFICATE-----", "there is no PEM certificate in %s", name)
	}
	return list
}

// privateKey reads the private key of a PEM file; nil where there is none that can be used.
func (o *opener) privateKey(at, name string) *rsa.PrivateKey {
	data := o.read(at, name)
	if data == nil {
		return nil
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			o.wrong(at, "decrypt it (openssl pkey), or use pkcs12_file with pkcs12_password", "the key in %s is encrypted", name)
			return nil
		}
		key, err := parseKey(block)
		if err != nil {
			o.wrong(at, "compare it with its source: openssl pkey -in FILE -check", "the private key in %s is damaged, or of a kind that is not known here", name)
			return nil
		}
		return o.rsaKey(at, name, key)
	}
	o.wrong(at, "a private key in PEM starts with -----BEGIN PRIVATE KEY-----", "there is no PEM private key in %s", name)
	return nil
}

func parseKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	return x509.ParsePKCS8PrivateKey(block.Bytes)
}

func (o *opener) rsaKey(at, name string, key crypto.PrivateKey) *rsa.PrivateKey {
	known, ok := key.(*rsa.PrivateKey)
	if !ok {
		o.wrong(at, "signatures are RSA with SHA-256 here; use a certificate for RSA", "the key in %s is not for RSA", name)
	}
	return known
}

// read gives a file of the project; nil where it cannot be read.
func (o *opener) read(at, name string) []byte {
	file := name
	if !filepath.IsAbs(file) {
		file = filepath.Join(o.dir, file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		o.wrong(at, "file names are relative to the project's folder", "%s cannot be read: %s", name, err)
		return nil
	}
	return data
}
