package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"

	"snrun/jobs"
	"snrun/steps"
)

// schemaNames are the kinds of file that have a JSON Schema.
var schemaNames = [...]string{"job", "profiles", "project"}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [job|profiles|project]",
		Short: "Print the JSON Schema of a kind of file",
		Long: `Print the JSON Schema of job files (the default), of profiles.yaml or of snrun.yaml, for editors that complete and
check YAML. The first line of a file names its schema:

  # yaml-language-server: $schema=../.snrun/job.schema.json`,
		Args:      between(0, 1, "schema takes one kind of file: job, profiles or project"),
		ValidArgs: schemaNames[:],
		RunE: func(_ *cobra.Command, args []string) error {
			name := "job"
			if len(args) == 1 {
				name = args[0]
			}
			text, err := schemaText(name)
			if err != nil {
				return err
			}
			return a.print(string(text))
		},
	}
}

// schemaText is the JSON Schema of a kind of file, indented.
func schemaText(name string) ([]byte, error) {
	schema, ok := jobs.Schemas(kinds())[name]
	if !ok {
		return nil, usageError(steps.Hint(name, schemaNames[:]), "there is no schema of %q", name)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(schema)
	return b.Bytes(), err
}
