package jobs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"snrun/auth"
	"snrun/auth/store/postgres"
	"snrun/jobs/source"
	"snrun/steps"
)

// SettingsFile is the name of a project's settings; the folder that holds one is a project.
const SettingsFile = "snrun.yaml"

// Settings are what snrun.yaml says. Paths are as written; an empty one is not set.
type Settings struct {
	Jobs       string // the folder of the jobs
	Profiles   string // the file of the profiles
	Database   string
	SecretsDir string
	// SecretsExec are the commands that give secrets, each as its words, by the name of the secret.
	SecretsExec map[string][]string
	Server      Server
	Keep        Keep
	Notify      []*Notify // whom the daemon tells what is wrong
	Temporal    Temporal
}

// settingsFields are the keys of snrun.yaml.
func settingsFields() []steps.Field {
	return []steps.Field{
		{Name: "version", Required: true, Static: true, Type: steps.Of(steps.Int), Example: "1", Doc: "The version of the job language: 1."},
		{Name: "jobs", Static: true, Type: steps.Of(steps.Text), Default: "jobs", Doc: "The folder of the jobs. Also `--jobs`, `SNRUN_JOBS`."},
		{Name: "profiles", Static: true, Type: steps.Of(steps.Text), Default: "profiles.yaml", Doc: "The file of the profiles. Also `--profiles`, `SNRUN_PROFILES`."},
		{Name: "database", Static: true, Type: steps.Of(steps.Text), Doc: "Where runs and state are kept: a file, or `postgres://USER@HOST:PORT/DATABASE`, a PostgreSQL database that several machines share. " +
			"Default: the file `snrun/snrun.db` in the XDG state folder. Also `--db`, `SNRUN_DATABASE`. Its tables are in the schema `snrun`, or the one that `?schema=NAME` says; " +
			"the password is better in PGPASSWORD or PGPASSFILE."},
		{Name: "server", Static: true, Doc: "Settings of `snrun serve`.", Type: steps.ObjectOf(serverFields()...)},
		{Name: "history", Static: true, Doc: "What is kept of runs, and for how long.", Type: steps.ObjectOf(keepFields()...)},
		{Name: "notify", Static: true, Doc: "Whom `snrun serve` tells what is wrong: one target, or a list of several. See `snrun explain notify`.", Type: notifyType()},
		{Name: "temporal", Doc: "The Temporal server for runs that outgrow one machine. See `snrun explain temporal`.", Type: steps.ObjectOf(temporalFields()...)},
		{Name: "secrets", Static: true, Doc: "Where secrets come from.", Type: steps.ObjectOf(
			steps.Field{Name: "dir", Static: true, Type: steps.Of(steps.Text), Example: "/run/secrets", Doc: "A folder with a file per secret."},
			steps.Field{
				Name: "exec", Static: true, Type: steps.MapOf(steps.ListOf(steps.Of(steps.Text))),
				Example: "{SN_CLIENT_SECRET: [vault, kv, get, -field=value, secret/servicenow]}",
				Doc: "Commands that write a secret to standard output, by the secret's name: a list of words, run without a shell in the project's folder, " +
					"when a run needs the secret. A command has 30 seconds; of its output one newline at the end is dropped.",
			},
		)},
	}
}

// ReadSettings reads the settings of the project in dir. Without a settings file they are the defaults.
func ReadSettings(dir string) (Settings, error) {
	d := newDecoder(nil, nil)
	file := filepath.Join(dir, SettingsFile)
	data, err := ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("version: 1"), nil
	}
	if err != nil {
		return Settings{}, err
	}
	s := d.settings(display(file), dir, data)
	return s, d.err()
}

func (d *decoder) settings(file, dir string, data []byte) Settings {
	root := d.root(file, data)
	if root == nil {
		return Settings{}
	}
	in, ok := d.static(root, withoutOwn(settingsFields()), "a settings file", nil)
	if !ok {
		return Settings{}
	}
	d.version(mapping{node: root, entries: d.entries(root)})
	if n := child(root, "profiles"); n != nil && !isThere(pathFrom(dir, in.Text("profiles"))) {
		d.r.Errorf(n, "there is no file %s", in.Text("profiles")).Hint = "name the file of the profiles, or leave the key out where there are none"
	}
	if database := in.Text("database"); postgres.IsAddress(database) {
		if _, err := postgres.Parse(database); err != nil {
			d.r.Errorf(d.at(root, "database"), "the address of the database: %v", err)
		}
	}
	return Settings{
		Jobs: in.Text("jobs"), Profiles: in.Text("profiles"), Database: in.Text("database"),
		SecretsDir: in.Object("secrets").Text("dir"), SecretsExec: d.secretsExec(root, in.Object("secrets")),
		Server: d.server(root, in.Object("server")), Keep: d.keep(root, in.Object("history").Object("keep")), Notify: d.targets(child(root, "notify")),
		Temporal: d.temporal(child(root, "temporal")),
	}
}

// secretsExec reads the commands that give secrets.
func (d *decoder) secretsExec(root *source.Node, secrets steps.Input) map[string][]string {
	pairs, _ := secrets["exec"].(steps.Pairs)
	if len(pairs) == 0 {
		return nil
	}
	commands := map[string][]string{}
	for _, e := range d.entries(d.at(root, "secrets.exec")) {
		if auth.CheckSecretName(e.Key) != nil {
			d.r.Errorf(e.Name, "%q cannot be the name of a secret", e.Key).Hint = "a name has letters, digits and underscores, and begins with no digit"
			continue
		}
		if value, _ := pairs.Get(e.Key); value != nil || e.Value.IsNull() { // else it is reported already
			commands[e.Key] = d.words(e.Value, value)
		}
	}
	return commands
}

// words gives the words of a command. The first names the program.
func (d *decoder) words(n *source.Node, value any) []string {
	list, _ := value.([]any)
	words := make([]string, 0, len(list))
	for i, item := range list {
		word, _ := item.(string)
		switch at := n.Items()[i]; {
		case at.IsNull():
			d.r.Errorf(at, "a word of a command cannot be null").Hint = "write \"\" for an empty word"
		case strings.ContainsRune(word, 0):
			d.r.Errorf(at, "a word of a command cannot hold a NUL character")
		}
		words = append(words, word)
	}
	if len(words) == 1 && strings.Contains(words[0], " ") && !strings.ContainsAny(words[0], `/\`) {
		d.r.Errorf(n.Items()[0], "%q is no program: each word of a command stands by itself", words[0]).Hint =
			"write it as [" + strings.Join(strings.Fields(words[0]), ", ") + "]"
	}
	if len(words) == 0 || list[0] == "" {
		d.r.Errorf(n, "a command needs the name of a program").Hint = "write it as a list of words, as in [vault, kv, get, -field=value, secret/servicenow]"
	}
	return words
}

// isThere says whether a path leads to something.
func isThere(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
