package jobs

import (
	"snrun/auth"
	"snrun/steps"
)

// profileFields are the keys of a profile.
func profileFields() []steps.Field {
	return []steps.Field{
		{Name: "base_url", Type: steps.Of(steps.Text), Example: "https://instance.example.com", Doc: "Where the system is. A step's `path` is joined to it, and credentials go to its origin (scheme, host and port) only."},
		{Name: "preset", Static: true, Type: steps.OneOf(presetNames()...), Example: "servicenow", Doc: "What is known of a product beforehand: its keys stand in for those that the profile does not write, under `auth` one by one. See `snrun explain preset`."},
		{Name: "origins", Type: steps.ListOf(steps.Of(steps.Text)), Example: "[https://files.example.com]", Doc: "Further origins that may see the credentials."},
		{Name: "auth", Type: steps.ObjectOf(authField()), Doc: "How to sign in. Default: not at all. For SOAP, `ws_security` can stand beside any type, or alone."},
		{Name: "test_path", Type: steps.Of(steps.Text), Example: "/v1/me", Doc: "What `snrun auth test` asks for with GET, joined to `base_url`; it may have a query. Something harmless that everybody who signs in may read. Default: `base_url` itself."},
		{Name: "headers", Type: steps.MapOf(steps.Of(steps.Text)), Example: "{Accept: application/json}", Doc: "Headers of every request to the profile's origins."},
		{Name: "tls", Type: steps.ObjectOf(tlsFields()...), Doc: "Certificates and the version of TLS."},
		{Name: "proxy", Type: steps.Of(steps.Text), Example: "http://127.0.0.1:3128", Doc: "The proxy to go through. Default: `HTTPS_PROXY` and `HTTP_PROXY` of the environment."},
		{Name: "retry", Type: retryType(), Static: true, Doc: "When and how steps of the profile are tried again, unless they say so themselves."},
		{Name: "rate", Static: true, Type: steps.ObjectOf(rateFields()...), Doc: "How many requests may be made, by all steps and runs together, of all machines that share a PostgreSQL database: a tenth of them at once, the others at even distances."},
		{Name: "max_concurrent", Static: true, Type: steps.Of(steps.Int), Example: "4", Doc: "How many requests may be under way at once, by all steps and runs together, of all machines that share a PostgreSQL database."},
		{Name: "expect", Type: conditionsType(), Example: "response.body?.error == nil", Doc: "What every answer must fulfil, beside what the step expects: a condition or a list of them."},
		{Name: "idempotency_header", Type: steps.Of(steps.Text), Default: "Idempotency-Key", Doc: "The header that a step's `idempotency_key` is sent in."},
		{Name: "trace", Static: true, Type: steps.Of(steps.Bool), Default: "false", Doc: "Whether requests to the profile's origins carry the header `traceparent`, where runs are traced (`OTEL_EXPORTER_OTLP_ENDPOINT`): so that what the servers do is seen in the same trace."},
		{Name: "history", Static: true, Type: steps.ObjectOf(historyFields()...), Doc: "What the history keeps of requests and answers. Inside loops those of the first 100 calls of each step that go well are kept, and of all that fail."},
	}
}

func authField() steps.Field {
	var names []string
	for _, t := range auth.Types() {
		names = append(names, t.Name)
	}
	return steps.Field{Name: "type", Required: true, Static: true, Type: steps.OneOf(names...), Doc: "The way to sign in; it decides which keys stand beside."}
}

func conditionsType() steps.Type {
	return steps.EitherOf(steps.Of(steps.Condition), steps.ListOf(steps.Of(steps.Condition)))
}

func tlsFields() []steps.Field {
	return []steps.Field{
		{Name: "ca_file", Type: steps.Of(steps.Text), Example: "ca.pem", Doc: "Authorities to trust beside the system's (PEM), relative to the project."},
		{Name: "cert_file", Type: steps.Of(steps.Text), Example: "me.pem", Doc: "The client's certificate (PEM), followed by those between it and the root. It is shown to the profile's origins only."},
		{Name: "key_file", Type: steps.Of(steps.Text), Example: "me.key", Doc: "The key of the client's certificate (PEM)."},
		{Name: "pkcs12_file", Type: steps.Of(steps.Text), Example: "me.p12", Doc: "The client's certificate with its key, in one file (PKCS#12), in place of the two above."},
		{Name: "pkcs12_password", Type: steps.Of(steps.Text), Example: "${secret.ERP_P12}", Doc: "The password of that file."},
		{Name: "min_version", Static: true, Type: steps.OneOf("1.0", "1.1", "1.2", "1.3"), Default: `"1.2"`, Doc: "The oldest version of TLS that is accepted."},
	}
}

func rateFields() []steps.Field {
	return []steps.Field{
		{Name: "limit", Required: true, Static: true, Type: steps.Of(steps.Int), Example: "100", Doc: "How many requests."},
		{Name: "per", Required: true, Static: true, Type: steps.Of(steps.Duration), Example: "1m", Doc: "In how long."},
	}
}

func historyFields() []steps.Field {
	return []steps.Field{
		{Name: "bodies", Static: true, Type: steps.Of(steps.Size), Default: "64KB", Doc: "How much of each body is kept; `0` keeps none."},
		{Name: "redact", Static: true, Type: steps.ListOf(steps.Of(steps.Text)), Example: "[$.password]", Doc: "Paths of values in JSON, XML and form bodies that are masked before a body is kept. In XML they go by local names from the root element on, to elements and attributes."},
	}
}

// profilesFields are the keys of a profiles file.
func profilesFields() []steps.Field {
	return []steps.Field{
		{Name: "version", Required: true, Static: true, Type: steps.Of(steps.Int), Example: "1", Doc: "The version of the job language: 1."},
		{Name: "profiles", Required: true, Type: steps.MapOf(steps.ObjectOf(profileFields()...)), Doc: "The profiles by name."},
	}
}

// signInFields are the keys of `auth` for one type.
func signInFields(t auth.SignInType) []steps.Field {
	fields := []steps.Field{authField()}
	for _, p := range t.Params {
		fields = append(fields, steps.Field{
			Name: p.Name, Doc: p.Doc, Default: p.Default, Example: p.Example, Required: p.Required, Type: paramType(p),
			Static: p.Form == auth.Enum || p.Form == auth.Duration,
		})
	}
	return fields
}

func paramType(p auth.Param) steps.Type {
	switch p.Form {
	case auth.Int:
		return steps.Of(steps.Int)
	case auth.Bool:
		return steps.Of(steps.Bool)
	case auth.Duration:
		return steps.Of(steps.Duration)
	case auth.Enum:
		return steps.OneOf(p.Values...)
	case auth.TextList:
		return steps.ListOf(steps.Of(steps.Text))
	case auth.TextMap:
		return steps.MapOf(steps.Of(steps.Text))
	case auth.DataMap:
		return steps.MapOf(steps.Of(steps.Any))
	case auth.Condition:
		return steps.Of(steps.Condition)
	}
	return steps.Of(steps.Text)
}
