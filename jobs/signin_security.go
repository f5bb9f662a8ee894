package jobs

import (
	"snrun/auth"
	"snrun/steps"
)

// securityKey stands in `auth` beside any type, or alone: WS-Security, which the kind that carries it out describes.
const securityKey = "ws_security"

// securityField is that key as it stands in a profile; nil where no kind knows it.
func securityField(kinds steps.Set) *steps.Field {
	for _, name := range kinds.Names() {
		if f := fieldNamed(kinds[name].Takes.Fields, securityKey); f != nil && f.FromProfile {
			own := *f
			own.FromProfile = false
			return &own
		}
	}
	return nil
}

// nullIn names a key that is written, but whose expression gave null; "" where there is none. Left out, a password would be missed
// by the server at the earliest.
func nullIn(written, given steps.Input, path string) string {
	for _, key := range sortedKeys(written) {
		at := path + "." + key
		if !given.Has(key) {
			return at
		}
		if below, ok := written[key].(steps.Input); ok {
			if name := nullIn(below, given.Object(key), at); name != "" {
				return name
			}
		}
	}
	return ""
}

// secretTexts gives the texts of those fields that never show.
func secretTexts(fields []steps.Field, in steps.Input) []string {
	var texts []string
	for _, f := range fields {
		switch text := in.Text(f.Name); {
		case f.Type.Form == steps.Object:
			texts = append(texts, secretTexts(f.Type.Fields, in.Object(f.Name))...)
		case f.Secret && text != "":
			texts = append(texts, text)
		}
	}
	return texts
}

// securityTopic explains the key, where a kind knows it.
func securityTopic(kinds steps.Set) []Topic {
	f := securityField(kinds)
	if f == nil {
		return nil
	}
	return []Topic{{
		Name: authTopics + "." + securityKey, Area: "Signing in", Summary: "WS-Security in SOAP messages, beside any way to sign in", Takes: f.Type,
		Doc: f.Doc + "\n\nStands under `auth` in a profile, beside `type` and its keys; where nothing else signs in, without a type. A password, and the keys that sign, " +
			"go into messages to the profile's origins and nowhere else.",
		Example: "auth:\n  type: basic\n  username: snrun\n  password: ${secret.ERP_PASSWORD}\n  ws_security:\n    username: snrun\n    password: ${secret.ERP_PASSWORD}\n" +
			"    password_type: digest\n    timestamp: 5m\n    sign: {cert_file: me.pem, key_file: me.key}\n    verify: {cert_file: erp.pem}",
	}}
}

// securitySchemas has the schema of each way to sign in take the key as well: `none` also without a type.
func securitySchemas(ways map[string]map[string]any, kinds steps.Set) {
	f := securityField(kinds)
	if f == nil {
		return
	}
	for _, t := range auth.Types() {
		way := ways[t.Name]
		way["properties"].(map[string]any)[securityKey] = map[string]any{"$ref": "#/$defs/" + securityKey}
		if t.Name == "none" {
			delete(way, "required")
			way["anyOf"] = requireEach([]string{"type", securityKey})
		}
	}
}
