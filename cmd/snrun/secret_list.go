package main

import (
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"snrun/auth"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/jobs/source"
)

// fromSandbox is the source of the secrets that `run --sandbox` brings along.
const fromSandbox = "sandbox"

// secretRecord is a secret as `secret list --json` prints it.
type secretRecord struct {
	Name     string   `json:"name"`
	Source   string   `json:"source"` // environment, credentials, dir, exec, store or sandbox; "" where it cannot be had
	Place    string   `json:"place"`  // the variable, the file, the command
	Missing  bool     `json:"missing"`
	Error    string   `json:"error"`    // what is wrong with the place that it comes from
	Jobs     []string `json:"jobs"`     // that need it, themselves or through a profile
	Profiles []string `json:"profiles"` // that read it
	Targets  []string `json:"targets"`  // of notify, that read it
}

func (a *app) secretListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the secrets: where each comes from, and who uses it",
		Long: `List the secrets that are there and those that jobs, profiles and notify read: where each comes from, who uses it, and which
are missing. No value is shown, and no command of secrets.exec is run.`,
		Args: exactly(0, "secret list takes no argument"),
		RunE: func(*cobra.Command, []string) error {
			return a.listSecrets(asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {name, source, place, missing, error, jobs, profiles, targets}")
	return cmd
}

func (a *app) listSecrets(asJSON bool) error {
	dir, settings, err := a.settings(".")
	if err != nil {
		return invalid("the settings have mistakes", err)
	}
	place, err := a.storePlace(settings)
	if err != nil {
		return err
	}
	defer place.Close()
	uses, broken, err := secretUses(dir, settings)
	if err != nil {
		return err
	}
	secrets := a.secretsOf(dir, settings, place)
	stored, storeErr := secrets.Stored()
	for _, name := range slices.Concat(secrets.Known(), stored) {
		uses.of(name)
	}
	list := uses.list(secrets, storeErr)
	if err := a.printSecrets(list, broken, asJSON); err != nil {
		return err
	}
	if storeErr != nil {
		return storeFailure(storeErr)
	}
	return nil
}

func (a *app) printSecrets(list []secretRecord, broken int, asJSON bool) error {
	var note string
	if broken > 0 {
		note = words.Plural(broken, "file") + " with mistakes may use more secrets than are listed; see: " + a.name + " validate\n"
	}
	if i := slices.IndexFunc(list, func(r secretRecord) bool { return r.Missing }); i >= 0 {
		note += "set one that is missing: " + a.name + " secret set " + list[i].Name + "\n"
	}
	if len(list) == 0 && broken == 0 {
		note = "no job and no profile uses a secret, and none is set\n"
	}
	defer io.WriteString(a.err, note)
	switch {
	case asJSON:
		return a.printJSON(list)
	case len(list) == 0:
		return nil
	}
	return a.print(secretTable(a.page(), list))
}

// secretTable lists secrets, one a line.
func secretTable(p page, list []secretRecord) string {
	rows := [][]string{{"SECRET", "FROM", "USED BY"}}
	here := absolute(".") + string(filepath.Separator)
	for _, r := range list {
		from := strings.TrimPrefix(r.from(), here)
		if p.width > 0 {
			from = cut(from, p.width/2) // who uses it must show too
		}
		rows = append(rows, []string{r.Name, from, r.usedBy()})
	}
	return p.table(rows, func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 1 && list[row-1].Source == "":
			return p.style.red(text)
		}
		return text
	})
}

func (r secretRecord) from() string {
	switch {
	case r.Missing:
		return "missing"
	case r.Error != "":
		return words.FirstLine(r.Error)
	case r.Source == auth.FromStore:
		return "the store"
	case r.Source == fromSandbox:
		return "the sandbox"
	}
	return words.Clean(r.Place)
}

func (r secretRecord) usedBy() string {
	users := slices.Clone(r.Jobs)
	for _, name := range r.Profiles {
		users = append(users, "profile "+name)
	}
	for _, name := range r.Targets {
		users = append(users, "notify "+name)
	}
	if len(users) == 0 {
		return "nobody"
	}
	return words.Clean(strings.Join(users, ", "))
}

// uses are secrets, by their names, with who uses them.
type uses map[string]*secretRecord

func (u uses) of(name string) *secretRecord {
	if u[name] == nil {
		u[name] = &secretRecord{Name: name, Jobs: []string{}, Profiles: []string{}, Targets: []string{}}
	}
	return u[name]
}

// secretUses gives the secrets that the jobs, the profiles and the targets of notify of a project read. Broken counts the files with mistakes.
func secretUses(dir string, s jobs.Settings) (found uses, broken int, err error) {
	p, err := jobs.Open(dir, s, jobs.Options{Kinds: kinds()})
	var mistakes source.Errors
	switch {
	case errors.As(err, &mistakes):
		broken++
	case err != nil:
		return nil, 0, err
	}
	found = uses{}
	for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
		for _, secret := range p.Profiles[name].Secrets() {
			r := found.of(secret)
			r.Profiles = append(r.Profiles, name)
		}
	}
	for _, t := range s.Notify {
		for _, secret := range t.Secrets() {
			r := found.of(secret)
			r.Targets = append(r.Targets, t.Name)
		}
	}
	for _, file := range p.Files() {
		job, err := p.Load(file)
		if err != nil {
			broken++
		}
		if job == nil {
			continue
		}
		for _, secret := range job.Secrets {
			r := found.of(secret)
			r.Jobs = append(r.Jobs, job.Name)
		}
	}
	return found, broken, nil
}

// list gives the secrets sorted by name, with where they come from. StoreErr says why the store is of no help.
func (u uses) list(secrets *auth.Secrets, storeErr error) []secretRecord {
	list := []secretRecord{}
	for _, name := range slices.Sorted(maps.Keys(u)) {
		r := u[name]
		origin, err := secrets.Origin(name)
		var missing *auth.MissingSecretError
		switch {
		case err == nil:
			r.Source, r.Place = origin.Source, origin.Place
		case errors.As(err, &missing) && slices.Contains(sandboxSecrets[:], name):
			r.Source, r.Place = fromSandbox, "run --sandbox"
		case errors.As(err, &missing) && len(r.Jobs)+len(r.Profiles)+len(r.Targets) == 0:
			continue // an empty file or variable, which nobody uses
		case errors.As(err, &missing):
			r.Missing = true
		case storeErr != nil && strings.HasSuffix(err.Error(), storeErr.Error()):
			r.Error = "not known: the store cannot be opened"
		default:
			r.Error = err.Error()
		}
		list = append(list, *r)
	}
	return list
}
