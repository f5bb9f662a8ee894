package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is the version of snrun; CHANGELOG.md has what each brought.
const version = "0.1.0"

// versionRecord is what `version --json` prints.
type versionRecord struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"` // "" when the program was not built from a checkout
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionRecord() versionRecord {
	v := versionRecord{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// String is the line that `version` prints.
func (v versionRecord) String() string {
	text := fmt.Sprintf("snrun %s (%s, %s", v.Version, v.Go, v.Platform)
	if v.Commit != "" {
		text += ", commit " + v.Commit[:min(12, len(v.Commit))]
		if v.Modified {
			text += " and changes"
		}
	}
	return text + ")"
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  exactly(0, "version takes no argument"),
		RunE: func(*cobra.Command, []string) error {
			v := newVersionRecord()
			if asJSON {
				return a.printJSON(v)
			}
			return a.print(v.String() + "\n")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}
