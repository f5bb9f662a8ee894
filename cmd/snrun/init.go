package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"snrun/history/words"
)

//go:embed template
var template embed.FS

// schemaFolder is where `init` puts the JSON Schemas that the first lines of its files point at.
const schemaFolder = ".snrun"

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Start a project: a job, a profile and the schemas for your editor",
		Long: `Start a project in a folder: snrun.yaml, profiles.yaml, jobs/hello.yaml, and the JSON Schemas that let an editor
complete and check them. A file that is there already stays as it is.`,
		Args: between(0, 1, "init takes one folder at most"),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.init(dir)
		},
	}
}

func (a *app) init(dir string) error {
	files, err := projectFiles()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		switch err := writeNew(path, f.data); {
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintf(a.err, "kept   %s, which was there\n", path)
		case err != nil:
			return fmt.Errorf("starting a project: %w", err)
		default:
			fmt.Fprintf(a.err, "wrote  %s\n", path)
		}
	}
	fmt.Fprintf(a.err, "try it: %s run --sandbox hello\n", a.nameIn(dir))
	return nil
}

// nameIn is how a person goes to a folder and calls the program from there.
func (a *app) nameIn(dir string) string {
	if dir == "." {
		return a.name
	}
	name := a.name
	if strings.HasPrefix(name, ".") { // from there it is another path
		if there, err := filepath.Rel(absolute(dir), absolute(name)); err == nil {
			name = there
		}
	}
	return "cd " + words.Argument(dir) + " && " + name
}

// projectFile is a file of a new project; its name has slashes.
type projectFile struct {
	name string
	data []byte
}

func projectFiles() ([]projectFile, error) {
	var files []projectFile
	for _, name := range []string{"snrun.yaml", "profiles.yaml", "jobs/hello.yaml"} {
		data, err := template.ReadFile("template/" + name)
		if err != nil {
			return nil, err
		}
		files = append(files, projectFile{name, data})
	}
	for _, what := range schemaNames {
		data, err := schemaText(what)
		if err != nil {
			return nil, err
		}
		files = append(files, projectFile{schemaFolder + "/" + what + ".schema.json", data})
	}
	return files, nil
}

// writeNew writes a file that must not be there yet, whole or not at all. The error is fs.ErrExist where it is.
func writeNew(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
