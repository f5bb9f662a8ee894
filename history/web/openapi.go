package web

import "embed"

// The description of the API as OpenAPI has it: written by hand as YAML, from which a test makes the JSON.
//
//go:embed openapi.yaml openapi.json
var descriptions embed.FS

// apiDescription gives the description of the API.
func (s *Site) apiDescription(*ask) (any, error) {
	text, err := descriptions.ReadFile("openapi.yaml")
	return answered{"application/yaml", text}, err
}

// apiDescriptionJSON gives the same as JSON.
func (s *Site) apiDescriptionJSON(*ask) (any, error) {
	text, err := descriptions.ReadFile("openapi.json")
	return answered{jsonType, text}, err
}
