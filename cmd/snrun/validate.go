package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"snrun/history/words"
)

func (a *app) validateCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate [PATH...]",
		Short: "Check jobs, profiles and settings",
		Long: `Check the whole project, or the files and folders named: every mistake of every file is listed, each with its place.
A secret that is not there on this machine is a warning; a run would not start without it.

The report goes to standard output. The exit code is 3 when there is a mistake, 0 when there are warnings only.`,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.validate(args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {file, line, column, message, hint, severity}")
	return cmd
}

func (a *app) validate(paths []string, asJSON bool) error {
	c := newChecker(a)
	if len(paths) == 0 {
		if err := c.project("."); err != nil {
			return err
		}
	}
	for _, path := range paths {
		if err := c.path(path); err != nil {
			return err
		}
	}
	if c.files == 0 && len(c.mistakes) == 0 {
		return usageError("name files or folders: "+a.name+" validate PATH", "there is nothing to check here: no job files, no profiles and no settings")
	}
	if err := a.printMistakes(c, asJSON); err != nil {
		return err
	}
	if c.errors > 0 {
		return exitWith(exitInvalid)
	}
	return nil
}

// mistakeRecord is a mistake as `validate --json` prints it.
type mistakeRecord struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"` // both from 1, in characters; 0 where the whole file is meant
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Severity string `json:"severity"` // error or warning
}

func (a *app) printMistakes(c *checker, asJSON bool) error {
	if !asJSON {
		return a.print(c.text())
	}
	records := []mistakeRecord{}
	for _, e := range c.mistakes {
		severity := "error"
		if e.Warning {
			severity = "warning"
		}
		records = append(records, mistakeRecord{e.File, e.Line, e.Column, e.Message, e.Hint, severity})
	}
	return a.printJSON(records)
}

// text is all mistakes with the lines they stand in, and a last line that counts them.
func (c *checker) text() string {
	var b strings.Builder
	for _, e := range c.mistakes {
		b.WriteString(words.Clean(e.Error()) + "\n\n") // hints may have the words of a WSDL
	}
	checked := words.Plural(c.files, "file")
	switch warnings := len(c.mistakes) - c.errors; {
	case c.errors > 0 && warnings > 0:
		fmt.Fprintf(&b, "%s and %s in %s\n", words.Plural(c.errors, "mistake"), words.Plural(warnings, "warning"), checked)
	case c.errors > 0:
		fmt.Fprintf(&b, "%s in %s\n", words.Plural(c.errors, "mistake"), checked)
	case warnings > 0:
		fmt.Fprintf(&b, "%s: ok, with %s\n", checked, words.Plural(warnings, "warning"))
	default:
		fmt.Fprintf(&b, "%s: ok\n", checked)
	}
	return b.String()
}
