package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"snrun/history/words"
	"snrun/steps/soap/wsdl"
)

func (a *app) soapImportCommand() *cobra.Command {
	var w wsdlArgument
	var to string
	var force bool
	cmd := &cobra.Command{
		Use:   "import WSDL",
		Short: "Copy a WSDL and all that it imports into the project",
		Long: `Copy a WSDL and all that it imports into a folder of the project: the WSDL by its name, its parts in a folder of that name,
with their imports rewritten to the copies. NAME.wsdl.sum has the SHA-256 of each, as sha256sum -c reads them.

Done again it says what is new, and replaces the copies. One that was changed by hand is replaced with --force only. What
cannot be read, or has mistakes, is not copied at all.`,
		Example: `  snrun soap import https://erp.example.com/orders?wsdl
  snrun soap import --profile servicenow '/incident.do?WSDL'
  snrun soap import --within vendor vendor/wsdl/orders.wsdl`,
		Args: exactly(1, "soap import takes one WSDL: an address, a file, or with --profile a path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w.name = args[0]
			return a.withWSDL(cmd.Context(), w, func(ctx context.Context, d *openedWSDL) error {
				return a.importWSDL(ctx, w, d, wsdlTarget{to, force})
			})
		},
	}
	w.flag(a, cmd)
	cmd.Flags().StringVar(&to, "to", "wsdl", "the folder of the project to copy to")
	cmd.Flags().StringVar(&w.within, "within", "", "of a WSDL in a file: a folder around it, all of which it may import from")
	cmd.Flags().BoolVar(&force, "force", false, "replace copies that were changed by hand, or came from elsewhere")
	return cmd
}

// wsdlTarget is where copies go.
type wsdlTarget struct {
	dir   string // --to, relative to the project
	force bool
}

// importWSDL copies a WSDL that was read without a mistake. What is there changes only once all of the copy is written and can be read.
func (a *app) importWSDL(ctx context.Context, w wsdlArgument, d *openedWSDL, t wsdlTarget) error {
	project, _, err := a.settings(".")
	if err != nil {
		return invalid("the settings have mistakes", err)
	}
	if !filepath.IsLocal(t.dir) {
		return usageError("name it relative to the project, as in --to wsdl", "--to %s is not a folder of the project", words.Argument(t.dir))
	}
	files, err := wsdl.Copy(d.src, d.Definitions, wsdl.NameFor(d.Location))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(project) // no link leads the copies out of it
	if err != nil {
		return err
	}
	defer root.Close()
	i := &wsdlImport{root: root, project: project, dir: filepath.ToSlash(filepath.Clean(t.dir)), files: files, from: importCommand(w, project)}
	if err := i.compare(t.force); err != nil {
		return err
	}
	before, _ := wsdl.Load(ctx, wsdl.Folder(project), path.Join(i.dir, files[0].Location))
	if err := i.write(ctx); err != nil {
		return stopped(ctx, fmt.Errorf("copying the WSDL: %w", err))
	}
	return a.reportImport(i, before, d.Definitions)
}

// importCommand is the command that makes the copy again, for its sums. A query that may hold a secret is not in it, and files are named
// as seen from the project.
func importCommand(w wsdlArgument, project string) string {
	seen := func(file string) string {
		if there, err := filepath.Rel(project, absolute(file)); err == nil {
			file = there
		}
		return words.Argument(words.Clean(filepath.ToSlash(file)))
	}
	switch {
	case w.isRemote():
		return "snrun soap import " + words.Argument(words.Clean(wsdl.Shown(w.name))) + w.profileFlag()
	case w.within != "":
		return "snrun soap import --within " + seen(w.within) + " " + seen(w.name)
	}
	return "snrun soap import " + seen(w.name)
}

// wsdlImport is a copy of a WSDL on its way into the project.
type wsdlImport struct {
	root    *os.Root
	project string
	dir     string // in the project, with slashes
	files   []wsdl.File
	from    string // the command that makes it
	states  []importState
	gone    []string // copies that the WSDL does not need any more
}

// importState is what becomes of a file.
type importState string

const (
	importNew     importState = "new"
	importSame    importState = "same"
	importChanged importState = "changed"
)

// compare finds out what the copies change. Without force it refuses what would be lost.
func (i *wsdlImport) compare(force bool) error {
	sums, err := i.readSums()
	if err != nil {
		return err
	}
	var lost []string
	needed := map[string]bool{}
	for _, f := range i.files {
		needed[f.Location] = true
		state, mine, err := i.compareFile(f, sums)
		if err != nil {
			return err
		}
		i.states = append(i.states, state)
		if !mine {
			lost = append(lost, path.Join(i.dir, f.Location))
		}
	}
	for _, name := range sums.names {
		if data, err := i.root.ReadFile(path.Join(i.dir, name)); err == nil && !needed[name] {
			i.gone = append(i.gone, name)
			if digest(data) != sums.digests[name] {
				lost = append(lost, path.Join(i.dir, name))
			}
		}
	}
	if force || len(lost) == 0 && (sums.from == "" || sums.from == i.from) {
		return nil
	}
	if len(lost) == 0 {
		return &exitError{exitFailed, fmt.Errorf("%s is a copy of another WSDL: %s", path.Join(i.dir, i.files[0].Location), sums.from), "copy this one into another folder with --to, or replace that one with --force"}
	}
	return &exitError{exitFailed, fmt.Errorf("%s: changed by hand, or of other origin", strings.Join(lost, ", ")), "replace what is there with --force, or copy into another folder with --to"}
}

// compareFile says what a copy changes, and whether what is there is a copy as it was made before, or the same.
func (i *wsdlImport) compareFile(f wsdl.File, sums importSums) (state importState, mine bool, err error) {
	there, err := i.root.ReadFile(path.Join(i.dir, f.Location))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return importNew, true, nil
	case err != nil:
		return "", false, err
	case digest(there) == digest(f.Data):
		return importSame, true, nil
	}
	return importChanged, digest(there) == sums.digests[f.Location], nil
}

// write puts the copies in place: they are written aside and read as a job would, then moved. The sums come last.
func (i *wsdlImport) write(ctx context.Context) (err error) {
	if err := i.root.MkdirAll(i.dir, 0o755); err != nil {
		return err
	}
	aside := path.Join(i.dir, ".import-"+rand.Text())
	defer func() { err = errors.Join(err, i.root.RemoveAll(aside)) }()
	for _, f := range i.files {
		name := path.Join(aside, f.Location)
		if err := i.root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		if err := i.root.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	if _, err := wsdl.Load(ctx, wsdl.Folder(filepath.Join(i.project, filepath.FromSlash(aside))), i.files[0].Location); err != nil {
		return fmt.Errorf("the copy cannot be read: %w", err)
	}
	if err := i.root.WriteFile(path.Join(aside, "sum"), []byte(i.sums()), 0o644); err != nil {
		return err
	}
	return i.move(aside)
}

func (i *wsdlImport) move(aside string) error {
	for n, f := range i.files {
		to := path.Join(i.dir, f.Location)
		if i.states[n] == importSame {
			continue
		}
		if err := i.root.MkdirAll(path.Dir(to), 0o755); err != nil {
			return err
		}
		if err := i.root.Rename(path.Join(aside, f.Location), to); err != nil {
			return err
		}
	}
	for _, name := range i.gone {
		if err := i.root.Remove(path.Join(i.dir, name)); err != nil {
			return err
		}
		_ = i.root.Remove(path.Join(i.dir, path.Dir(name))) // a folder that is empty now
	}
	return i.root.Rename(path.Join(aside, "sum"), i.sumFile())
}

// reportImport says what was written, and what that changes for jobs.
func (a *app) reportImport(i *wsdlImport, before, after *wsdl.Definitions) error {
	var b strings.Builder
	changed := len(i.gone) > 0
	for n, f := range i.files {
		changed = changed || i.states[n] != importSame
		fmt.Fprintf(&b, "%s  %s, %s\n", pad(string(i.states[n]), 7), path.Join(i.dir, f.Location), words.Size(int64(len(f.Data))))
	}
	for _, name := range i.gone {
		fmt.Fprintf(&b, "removed  %s\n", path.Join(i.dir, name))
	}
	if before != nil && changed {
		b.WriteString(operationChanges(before, after))
	}
	if err := a.print(words.Clean(b.String())); err != nil {
		return err
	}
	if !changed {
		fmt.Fprintln(a.err, "nothing has changed")
		return nil
	}
	there := filepath.Join(i.project, filepath.FromSlash(i.dir), i.files[0].Location)
	if here, err := filepath.Rel(absolute("."), there); err == nil {
		there = here
	}
	fmt.Fprintf(a.err, "see what it offers: %s soap operations %s\n", a.name, words.Argument(there))
	return nil
}

// operationChanges says which operations are new, gone or other than before.
func operationChanges(before, after *wsdl.Definitions) string {
	old, names := operationSignatures(before)
	now, newNames := operationSignatures(after)
	var b strings.Builder
	for _, name := range names {
		if _, there := now[name]; !there {
			fmt.Fprintf(&b, "operation gone: %s\n", cmp.Or(old[name], name))
		}
	}
	for _, name := range newNames {
		switch was, known := old[name]; {
		case !known:
			fmt.Fprintf(&b, "operation new: %s\n", now[name])
		case was != now[name]:
			fmt.Fprintf(&b, "operation changed: %s\n              was: %s\n", now[name], was)
		}
	}
	return b.String()
}

// operationSignatures gives the operations of the first port of each service, by service and name, and these in order.
func operationSignatures(d *wsdl.Definitions) (byName map[string]string, names []string) {
	byName = map[string]string{}
	for _, s := range d.Services {
		for _, o := range s.Ports[0].Operations {
			name := s.Name.Local + "." + o.Name
			if _, overloaded := byName[name]; !overloaded {
				names = append(names, name)
			}
			byName[name] += signature(o)
		}
	}
	return byName, names
}
