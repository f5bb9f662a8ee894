package jobs

import (
	"slices"
	"strings"

	"snrun/auth"
	"snrun/steps"
)

// Topic is one part of the language that can be explained: a kind of step, a kind of file, a way to sign in.
type Topic struct {
	Name    string // "rest", "job", "auth.oauth2"
	Area    string // what it belongs to: "Files", "Steps", "Signing in"
	Summary string // one line, without a full stop
	Doc     string // Markdown
	Example string // YAML
	Takes   steps.Type
	Beside  []steps.Field
	Gives   []steps.Result
	Notes   []Note
}

// Note is a further part of a topic's page: lines that stand as they are.
type Note struct {
	Title string // as "What it stands for"
	YAML  bool
	Lines []string
}

// Topics gives all parts of the language, files first, then what stands in steps, then ways to sign in.
func Topics(kinds steps.Set) []Topic {
	topics := append(fileTopics(), stepTopics()...)
	for _, name := range kinds.Names() {
		k := kinds[name]
		topics = append(topics, Topic{
			Name: k.Name, Area: "Steps", Summary: k.Summary, Doc: k.Doc, Example: k.Example, Takes: k.Takes, Beside: k.Beside, Gives: k.Gives,
		})
	}
	for _, t := range auth.Types() {
		topics = append(topics, Topic{
			Name: "auth." + t.Name, Area: "Signing in", Summary: strings.ToUpper(t.Summary[:1]) + t.Summary[1:],
			Doc:     "Stands under `auth` in a profile. Credentials go to the profile's origins and nowhere else.",
			Example: signInExample(t), Takes: steps.ObjectOf(signInFields(t)...),
		})
	}
	topics = append(topics, securityTopic(kinds)...)
	return append(topics, presetTopics()...)
}

func fileTopics() []Topic {
	return []Topic{
		{
			Name: "job", Area: "Files", Summary: "A job file", Takes: steps.ObjectOf(jobFields()...),
			Doc:     "A job is one YAML file below the project's folder of jobs. Everything in it is checked before anything runs.",
			Example: "version: 1\ninputs:\n  name: {type: string, default: world}\nsteps:\n  - id: greeting\n    set: {text: \"hello, ${inputs.name}\"}\n  - log: ${steps.greeting.output.text}\noutput: ${steps.greeting.output}",
		},
		{
			Name: "schedule", Area: "Files", Summary: "When a job runs by itself", Takes: steps.ObjectOf(scheduleFields()...),
			Doc:     "Stands under `schedule` in a job: one, or a list of several.",
			Example: "schedule:\n  - cron: \"*/15 * * * *\"\n    timezone: Europe/Berlin\n    inputs: {priority: 1}",
		},
		{
			Name: "profile", Area: "Files", Summary: "A named way to reach and sign in to a system, in profiles.yaml", Takes: steps.ObjectOf(profileFields()...),
			Doc: "A profile serves all jobs, so its expressions see `env` and `secret` only. Jobs name it, and never see its credentials.",
			Example: "version: 1\nprofiles:\n  oncall:\n    base_url: https://oncall.example.com\n    auth: {type: bearer, token: \"${secret.ONCALL_TOKEN}\"}\n" +
				"    retry: 5\n    rate: {limit: 100, per: 1m}",
		},
		{
			Name: "project", Area: "Files", Summary: "The settings of a project, in snrun.yaml", Takes: steps.ObjectOf(settingsFields()...),
			Doc:     "The nearest snrun.yaml upwards makes its folder the project. Without one, the folder of the job is the project, with the defaults. Paths are relative to it.",
			Example: "version: 1\njobs: jobs\nhistory: {keep: {age: 90d}}",
		},
		serverTopic(), notifyTopic(), temporalTopic(),
	}
}

func stepTopics() []Topic {
	return []Topic{
		{
			Name: "step", Area: "Steps", Summary: "The keys that every step may have beside its kind", Takes: steps.ObjectOf(stepFields()...),
			Doc:     "A step is a mapping with exactly one kind, such as `rest`, and any of these keys.",
			Example: "id: incidents\nif: inputs.priority == 1\ntimeout: 90s\nretry: 5\nrest: {profile: servicenow, path: /api/now/table/incident}\noutput: ${response.body.result}",
			Gives:   []steps.Result{{Name: "output", Doc: "What the step gives: its `output`, else the kind's default."}, {Name: "skipped", Type: steps.Bool, Doc: "Whether `if` did not hold; the output is null then."}},
		},
		{
			Name: "retry", Area: "Steps", Summary: "When and how a step is tried again", Takes: steps.ObjectOf(retryFields()...),
			Doc: "`retry: 5` and `retry: none` are short forms. A step's own `retry` comes first, then its profile's.\n\nWhere neither says anything GET, HEAD, PUT, DELETE and OPTIONS " +
				"are tried 3 times on network errors, timeouts, 429, 502, 503 and 504; POST and PATCH only where the request surely never reached the server, or on 429 and 503 with `Retry-After`.",
			Example: "retry:\n  attempts: 5\n  when: error.status in [409, 503]\n  backoff: {initial: 2s, max: 1m}\n  max_elapsed: 30m",
		},
	}
}

// signInExample writes an `auth` with what the type requires, and what most clients have.
func signInExample(t auth.SignInType) string {
	lines := []string{"auth:", "  type: " + t.Name}
	shown := []string{"oauth2.token_url", "oauth2.client_id", "oauth2.client_secret", "http_signature.private_key"}
	for _, p := range t.Params {
		if p.Required || slices.Contains(shown, t.Name+"."+p.Name) {
			lines = append(lines, "  "+p.Name+": "+p.Example)
		}
	}
	return strings.Join(lines, "\n")
}

// fields are the keys below the topic's own.
func (t Topic) fields() []steps.Field {
	fields, _ := fieldsOf(t.Takes)
	return fields
}

// fieldsOf finds the keys of a type: its own, or those of the mapping among its forms or elements.
func fieldsOf(t steps.Type) ([]steps.Field, bool) {
	switch t.Form {
	case steps.Object:
		return visible(t.Fields), true
	case steps.List, steps.Map:
		return fieldsOf(*t.Elem)
	case steps.Either:
		for _, alt := range t.Alts {
			if fields, ok := fieldsOf(alt); ok {
				return fields, true
			}
		}
	}
	return nil, false
}

// visible are the fields that a person may write.
func visible(fields []steps.Field) []steps.Field {
	var out []steps.Field
	for _, f := range fields {
		if !f.FromProfile {
			out = append(out, f)
		}
	}
	return out
}

// Notation writes a type for people: "duration | {connect, idle, total}".
func Notation(t steps.Type) string {
	switch t.Form {
	case steps.Enum:
		return strings.Join(t.Values, " | ")
	case steps.Object:
		return "{" + strings.Join(fieldNames(t.Fields), ", ") + "}"
	case steps.Map:
		return "map of " + inBrackets(*t.Elem)
	case steps.List:
		return "list of " + inBrackets(*t.Elem)
	case steps.Either:
		var alts []string
		for _, alt := range t.Alts {
			alts = append(alts, Notation(alt))
		}
		return strings.Join(alts, " | ")
	}
	return formWords[t.Form]
}

// inBrackets keeps the forms of an element together.
func inBrackets(t steps.Type) string {
	if t.Form == steps.Either || t.Form == steps.Enum {
		return "(" + Notation(t) + ")"
	}
	return Notation(t)
}

var formWords = map[steps.Form]string{
	steps.Any: "any", steps.Tree: "any", steps.Text: "text", steps.Int: "whole number", steps.Float: "number", steps.Bool: "true | false",
	steps.Duration: "duration", steps.Size: "size", steps.Condition: "condition", steps.Profile: "profile",
	steps.Block: "list of steps", steps.Branches: "map of lists of steps", steps.Bind: "name",
}

// remark says what else holds of a key: whether it must be there, what it excludes, its default.
func remark(f steps.Field, fields []steps.Field) string {
	group := strings.Join(groupNames(fields, f.Group), ", ")
	needed := false
	for _, other := range fields {
		needed = needed || other.Group == f.Group && other.Required
	}
	switch {
	case f.Group != "" && needed:
		return "one of " + group + " is required"
	case f.Group != "":
		return "at most one of " + group
	case f.Required:
		return "required"
	case f.Default != "":
		return "default " + f.Default
	}
	return ""
}
