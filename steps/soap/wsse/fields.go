package wsse

import "snrun/steps"

// The parts of an envelope that a signature can cover.
const (
	partBody      = "body"
	partTimestamp = "timestamp"
	partToken     = "token"
	partHeaders   = "headers"
)

// The types of a password in a UsernameToken.
const (
	passwordText   = "text"
	passwordDigest = "digest"
)

// Field is the key `ws_security` as it stands in the `auth` of a profile. A kind that has it among its fields gets it from there.
func Field() steps.Field {
	text := steps.Of(steps.Text)
	return steps.Field{
		Name: "ws_security", FromProfile: true, Example: `{username: snrun, password: "${secret.ERP_PASSWORD}", password_type: digest, timestamp: 5m}`,
		Doc: "WS-Security in SOAP messages: who is calling, until when the message holds, a signature; and the signature that answers must have. It stands beside any way to sign in.",
		Type: steps.ObjectOf(
			steps.Field{Name: "username", Type: text, Example: "snrun", Doc: "The name in a UsernameToken."},
			steps.Field{Name: "password", Type: text, Secret: true, Example: "${secret.ERP_PASSWORD}", Doc: "The password that goes with the name."},
			steps.Field{Name: "password_type", Static: true, Type: steps.OneOf(passwordText, passwordDigest), Default: passwordText,
				Doc: "How the password is sent: as it is, or as a digest of it with a nonce and the time."},
			steps.Field{Name: "timestamp", Static: true, Type: steps.Of(steps.Duration), Example: "5m", Doc: "How long a message holds: it gets a Timestamp that says so. Default: no Timestamp."},
			steps.Field{Name: "must_understand", Static: true, Type: steps.Of(steps.Bool), Default: "true", Doc: "Whether a server that knows nothing of WS-Security must refuse the message."},
			steps.Field{Name: "actor", Type: text, Example: "urn:gateway", Doc: "Whom the security header is for: the actor of SOAP 1.1, the role of 1.2. Default: the receiver."},
			steps.Field{Name: "sign", Type: steps.ObjectOf(signFields()...), Example: "{cert_file: me.pem, key_file: me.key}", Doc: "Signs what is sent, with RSA and SHA-256; the certificate goes along."},
			steps.Field{Name: "verify", Type: steps.ObjectOf(verifyFields()...), Example: "{cert_file: erp.pem}", Doc: "Checks the signature of answers, and that their Timestamp has not expired."},
		),
	}
}

func signFields() []steps.Field {
	text := steps.Of(steps.Text)
	return []steps.Field{
		{Name: "cert_file", Type: text, Example: "me.pem", Doc: "The certificate to sign with (PEM), relative to the project."},
		{Name: "key_file", Type: text, Example: "me.key", Doc: "Its private key (PEM, RSA). Default: the key stands in `cert_file` too."},
		{Name: "pkcs12_file", Type: text, Example: "me.p12", Doc: "The certificate with its key, in one file (PKCS#12), in place of the two above."},
		{Name: "pkcs12_password", Type: text, Secret: true, Example: "${secret.ERP_P12}", Doc: "The password of that file."},
		{Name: "parts", Static: true, Type: steps.ListOf(steps.OneOf(partBody, partTimestamp, partToken, partHeaders)), Example: "[body, timestamp]",
			Doc: "What is signed. `token` is the UsernameToken and the certificate, `headers` are all other headers of the envelope. Default: `[body, timestamp, token]`, as far as they are there."},
	}
}

func verifyFields() []steps.Field {
	return []steps.Field{
		{Name: "cert_file", Required: true, Type: steps.Of(steps.Text), Example: "erp.pem", Doc: "The certificate of the server (PEM), relative to the project; several where a new one is about to follow. A certificate in the answer must be one of them."},
		{Name: "parts", Static: true, Type: steps.ListOf(steps.OneOf(partBody, partTimestamp)), Default: "[body]", Example: "[body, timestamp]",
			Doc: "What the signature must cover; the body always. With `timestamp` there must be one, which keeps an answer that somebody recorded from being sent again later."},
		{Name: "required", Static: true, Type: steps.Of(steps.Bool), Default: "true", Doc: "Whether an answer without a signature is refused. A signature that is there must be right in any case."},
	}
}
