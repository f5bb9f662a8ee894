package exchange

import (
	"strconv"

	"snrun/steps"
)

// ProfileField is `profile`, which names the profile that signs in.
func ProfileField() steps.Field {
	return steps.Field{Name: "profile", Type: steps.Of(steps.Profile), Static: true, Example: "servicenow",
		Doc: "The profile that gives base URL, sign-in, TLS, proxy and limits."}
}

// URLField and PathField are the two ways to name a target: `url` and `path`, of the group "target", of which one is required.
func URLField() steps.Field {
	return steps.Field{Name: "url", Type: steps.Of(steps.Text), Group: "target", Required: true, Example: "https://api.example.com/v1/items",
		Doc: "The whole address, `http` or `https`. A profile beside it signs in only where the address is within the profile's origins."}
}

// PathField is `path`; see URLField.
func PathField() steps.Field {
	return steps.Field{Name: "path", Type: steps.Of(steps.Text), Group: "target", Example: "/api/now/table/incident",
		Doc: "The path below the profile's base URL, joined with exactly one slash. What may not stand in a path is escaped; what is escaped already is left. A `..` is refused."}
}

// HeadersField is the field of this name that Request.SetHeaders takes.
func HeadersField(name string) steps.Field {
	return steps.Field{Name: name, Type: steps.MapOf(steps.Of(steps.Text)), Example: `{X-Correlation: "${run.id}"}`,
		Doc: "Headers of this request; they come before the profile's of the same name. Sign-in belongs in a profile, so `Authorization` is refused. Null leaves a header out."}
}

// ExpectField is `expect`: conditions over `response`. Standard is what is expected without them, in words.
func ExpectField(standard string) steps.Field {
	return steps.Field{Name: "expect", Type: conditionsType(), Example: "[response.status == 201]",
		Doc: "One or several conditions over `response` that an answer must meet, in place of the default: " + standard + ". The profile's `expect` is asked in addition."}
}

// SizeField is `max_body`, with the doc of the kind.
func SizeField(doc string) steps.Field {
	return steps.Field{Name: "max_body", Type: steps.Of(steps.Size), Example: "50MB", Doc: doc}
}

// KeyField is `idempotency_key`. Doc is its last sentence: what the key makes safe to repeat.
func KeyField(doc string) steps.Field {
	return steps.Field{Name: "idempotency_key", Type: steps.Of(steps.Text), Lasting: true, Example: "${run.id}-${incident.sys_id}",
		Doc: "A key by which the server knows a repeated request, sent as `Idempotency-Key`; the profile's `idempotency_header` names another header. " + doc}
}

// AuthField is `auth`, which leaves the profile's sign-in off.
func AuthField() steps.Field {
	return steps.Field{Name: "auth", Type: steps.OneOf("none"), Static: true, Doc: "`none` leaves the profile's sign-in off."}
}

// TimeoutField is `timeout`. Total is how long the whole attempt may take by default, in words.
func TimeoutField(total string) steps.Field {
	duration := steps.Of(steps.Duration)
	limits := steps.ObjectOf(
		steps.Field{Name: "connect", Type: duration, Default: "10s", Doc: "To get a connection, TLS included."},
		steps.Field{Name: "idle", Type: duration, Default: "60s", Doc: "Without a byte from the server once the request is sent."},
		steps.Field{Name: "total", Type: duration, Example: "5m", Doc: "For the whole attempt, redirects and body included; " + total + ". Waits for the limits of the profile do not count."},
	)
	return steps.Field{Name: "timeout", Type: steps.EitherOf(duration, limits), Example: "{connect: 10s, idle: 60s, total: 5m}",
		Doc: "How long one attempt may take; a single duration is the total."}
}

// RedirectsField is `redirects`, with the default and the doc of the kind.
func RedirectsField(m Manner, doc string) steps.Field {
	return steps.Field{Name: "redirects", Type: steps.Of(steps.Int), Default: strconv.Itoa(m.Redirects), Doc: doc}
}

// SettingFields are the settings of a profile that a request is made by.
func SettingFields() []steps.Field {
	history := steps.ObjectOf(
		steps.Field{Name: "bodies", Type: steps.Of(steps.Size), Default: "64KB", Doc: "How much of each body history keeps; 0 keeps none."},
		steps.Field{Name: "redact", Type: steps.ListOf(steps.Of(steps.Text)), Example: "[$.password, $..token, \"$.users[*].ssn\"]",
			Doc: "Paths in JSON, XML and form bodies whose values history shows as `***`. In XML they go by local names from the root element on, to elements and attributes."},
	)
	return []steps.Field{
		{Name: "base_url", Type: steps.Of(steps.Text), FromProfile: true, Doc: "What `path` is joined to."},
		{Name: "profile_expect", Type: conditionsType(), FromProfile: true, Doc: "The profile's `expect`: asked of every answer, in addition to the status and to the step's own."},
		{Name: "idempotency_header", Type: steps.Of(steps.Text), FromProfile: true, Default: defaultKeyHeader, Doc: "The header that `idempotency_key` is sent in."},
		{Name: "history", Type: history, FromProfile: true, Doc: "What history keeps of requests and answers."},
	}
}

func conditionsType() steps.Type {
	return steps.EitherOf(steps.Of(steps.Condition), steps.ListOf(steps.Of(steps.Condition)))
}
