// Package wsse secures SOAP messages (OASIS WS-Security 1.1): a UsernameToken, a Timestamp and an X.509 signature in what is sent,
// and the check of a signature in what is answered.
package wsse
