package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// handshake tells apart why no connection came about: what a person has to mend is no outage, and trying again no help.
func (e *SignInError) handshake() {
	var record tls.RecordHeaderError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	unknown, isUnknown := errors.AsType[*net.DNSError](e.Cause)
	remote, isRemote := errors.AsType[*net.OpError](e.Cause)
	switch {
	case e.kind != unreachable && e.kind != unusable:
	case errors.As(e.Cause, &record), errors.Is(e.Cause, http.ErrSchemeMismatch):
		e.kind, e.lost = unusable, false
		e.help = "the server does not speak TLS there: check scheme and port in " + e.Endpoint
	case errors.As(e.Cause, &name):
		e.help = "the certificate is that of another host: check the host in " + e.Endpoint
	case errors.As(e.Cause, &invalid) && invalid.Reason == x509.Expired:
		e.help = "check the clock of this machine; if it is right, whoever runs the server has to renew its certificate"
	case isRemote && remote.Op == "remote error" && strings.Contains(remote.Error(), "certificate required"):
		e.help = "the server wants to see a client's certificate: name yours in tls.cert_file and tls.key_file"
	case isUnknown && unknown.IsNotFound && e.help == "":
		e.help = fmt.Sprintf("check the host in %s, and proxy: the name %s cannot be resolved here", e.Endpoint, clean(unknown.Name))
	}
}
