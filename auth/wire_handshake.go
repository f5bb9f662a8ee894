package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
)

// speaksNoTLS says whether a connection failed because the other side speaks something else.
func speaksNoTLS(err error) bool {
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok || errors.Is(err, http.ErrSchemeMismatch)
}

// handshakeHelp is what to do where TLS did not come about: a person has to mend that, trying again is no help. "" for other errors.
func handshakeHelp(err error) string {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, otherHost := errors.AsType[x509.HostnameError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	// In TLS 1.3 the server judges the client's certificate after the request has left. It has not read it then.
	alert, ok := errors.AsType[*net.OpError](err)
	ofClient := ok && alert.Op == "remote error" && strings.Contains(alert.Error(), "certificate")
	switch {
	case speaksNoTLS(err):
		return "check scheme and port of the address"
	case otherHost:
		return "the certificate is that of another host: check the host of the address"
	case isInvalid && invalid.Reason == x509.Expired:
		return "check the clock of this machine; if it is right, whoever runs the server has to renew its certificate"
	case untrusted:
		return "if the server's certificate comes from an authority of your own, name its file in tls.ca_file"
	case ofClient && strings.Contains(alert.Error(), "certificate required"):
		return "the server wants to see a client's certificate: name yours in tls.cert_file and tls.key_file"
	case ofClient:
		return "the server ends the connection: check that it knows the client's certificate in tls"
	}
	return ""
}
