package jobs

import (
	"fmt"
	"strings"

	"snrun/auth"
	"snrun/steps"
)

// presetTopic is the topic of all presets; those of the single ones are named below it.
const presetTopic = "preset"

func presetTopics() []Topic {
	topics := []Topic{{
		Name: presetTopic, Area: "Presets", Summary: "What is known of a product beforehand, for a profile to name",
		Doc: "`preset: NAME` in a profile lets the keys of the preset stand in for those that the profile does not write. Under `auth` they do so one by one, as long as the " +
			"profile signs in in the same way or does not say; any other key that the profile writes is the profile's own whole. A preset also knows what a server's catch-all " +
			"refusals may stand for, so that the error of a failed sign-in lists what to check.",
		Example: "profiles:\n  servicenow:\n    preset: servicenow\n    base_url: https://instance.example.com\n    auth: {client_id: snrun, client_secret: \"${secret.SN_CLIENT_SECRET}\"}",
		Takes:   steps.OneOf(presetNames()...),
	}}
	for _, name := range presetNames() {
		topics = append(topics, loadPreset(name).topic())
	}
	return topics
}

func (p *preset) topic() Topic {
	t := Topic{Name: presetTopic + "." + p.name, Area: "Presets", Summary: p.summary, Doc: p.doc, Example: p.example}
	t.Notes = append(t.Notes, Note{Title: "What it stands for", YAML: true, Lines: p.section("profile")})
	var code string
	for _, c := range p.causes {
		if c.Code != code {
			code = c.Code
			t.Notes = append(t.Notes, Note{Title: fmt.Sprintf("What %s may mean", code)})
		}
		note := &t.Notes[len(t.Notes)-1]
		note.Lines = append(note.Lines, causeLine(c))
	}
	return t
}

func causeLine(c auth.Cause) string {
	if c.Grants == nil {
		return c.Check
	}
	return fmt.Sprintf("with %s: %s", strings.Join(c.Grants, ", "), c.Check)
}

// isPreset says whether a topic is one preset.
func (t Topic) isPreset() bool { return strings.HasPrefix(t.Name, presetTopic+".") }
