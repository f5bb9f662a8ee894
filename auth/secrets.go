package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"snrun/auth/store"
)

// SecretsOptions say where secrets may come from.
type SecretsOptions struct {
	Environ  []string            // as os.Environ gives it
	Dir      string              // the folder of secrets.dir, "" for none
	Exec     map[string][]string // the commands of secrets.exec, by the secret that each gives
	ExecDir  string              // the folder that they are run in
	Store    *store.Place        // the encrypted store; nil for none
	Program  string              // how a person calls snrun, for the commands that errors name; "" for snrun
	Redactor *Redactor
}

// Secrets finds the values of secret.NAME. It is safe for concurrent use.
type Secrets struct {
	redactor *Redactor
	program  string
	sources  []secretSource
	kept     *keptSecrets // nil without a store
}

// The kinds of places that secrets come from.
const (
	FromEnvironment = "environment"
	FromCredentials = "credentials"
	FromDir         = "dir"
	FromExec        = "exec"
	FromStore       = "store"
)

// Origin is where a secret comes from.
type Origin struct {
	Source string // one of FromEnvironment, …
	Place  string // the same for a person, exactly: the variable, the file, the command
}

// secretSource is one place where secrets come from. Secrets asks its sources in their order.
type secretSource struct {
	kind string
	// place says where this source looks for a name.
	place func(name string) string
	// lookup gives fs.ErrNotExist where there is no such secret, and "" where it is there, but empty.
	lookup func(name string) (string, error)
	// run gives the value, in a source where that is the work of a command: its lookup gives none. Nil in others.
	run func(ctx context.Context, name string) (string, error)
	// names lists what there is.
	names func() []string
}

// NewSecrets makes the Secrets that looks at SNRUN_SECRET_NAME, then for a file NAME in $CREDENTIALS_DIRECTORY, then for one
// in the options' folder, then for a command, and last into the store, which is not opened before.
func NewSecrets(o SecretsOptions) *Secrets {
	s := &Secrets{redactor: o.Redactor, program: o.Program}
	if s.redactor == nil {
		s.redactor = NewRedactor()
	}
	if s.program == "" {
		s.program = "snrun"
	}
	env := make(map[string]string, len(o.Environ))
	for _, entry := range o.Environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	s.sources = append(s.sources, variables(env))
	if dir := env["CREDENTIALS_DIRECTORY"]; dir != "" {
		s.sources = append(s.sources, folder(dir, FromCredentials, "$CREDENTIALS_DIRECTORY"))
	}
	if o.Dir != "" {
		s.sources = append(s.sources, folder(o.Dir, FromDir, "secrets.dir"))
	}
	if len(o.Exec) > 0 {
		s.sources = append(s.sources, newCommands(o, s.redactor).source())
	}
	if o.Store != nil {
		s.kept = &keptSecrets{place: o.Store}
		s.sources = append(s.sources, s.kept.source())
	}
	return s
}

// Lookup gives the secret of this name, and has the redactor mask it from then on. A command that gives it is run at the
// first call; ctx ends it. The error is a *MissingSecretError where none of the sources has the secret; others say what is
// wrong with the source that does.
func (s *Secrets) Lookup(ctx context.Context, name string) (Secret, error) {
	source, value, err := s.find(name)
	if err != nil {
		return Secret{}, err
	}
	if source.run == nil {
		return NewSecret(value), nil
	}
	if value, err = source.run(ctx, name); err != nil {
		return Secret{}, s.failure(name, source, err)
	}
	s.redactor.Add(value)
	return NewSecret(value), nil
}

// Origin says where a secret comes from, without running a command for it. Errors are those of Lookup.
func (s *Secrets) Origin(name string) (Origin, error) {
	source, _, err := s.find(name)
	if err != nil {
		return Origin{}, err
	}
	return Origin{Source: source.kind, Place: source.place(name)}, nil
}

// find gives the first source that has a secret, and its value but for those of commands. The redactor knows the value then.
func (s *Secrets) find(name string) (secretSource, string, error) {
	if err := CheckSecretName(name); err != nil {
		return secretSource{}, "", fmt.Errorf("secret %q: %w", name, err)
	}
	missing := &MissingSecretError{Name: name, Variable: secretVariable + name}
	for _, source := range s.sources {
		value, err := source.lookup(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing.Looked = append(missing.Looked, source.place(name))
		case err != nil:
			return secretSource{}, "", s.failure(name, source, err)
		case value == "" && source.run == nil:
			missing.Looked = append(missing.Looked, source.place(name)+" (there, but empty)")
		default:
			s.redactor.Add(value)
			return source, value, nil
		}
	}
	missing.Known = s.Known()
	if s.kept != nil {
		missing.Command = s.program + " secret set " + name
	}
	return secretSource{}, "", missing
}

// failure says what is wrong with a source that has a secret, or may have it.
func (s *Secrets) failure(name string, source secretSource, err error) error {
	if damaged, ok := errors.AsType[*store.DamagedError](err); ok && damaged.ID == name {
		err = &advisedError{err, "set it again: " + s.program + " secret set " + name}
	}
	if source.kind == FromStore { // its errors name the file
		return fmt.Errorf("secret %s: %w", name, err)
	}
	return fmt.Errorf("secret %s: %s: %w", name, source.place(name), err)
}

// Known gives the names of the secrets that are there, sorted; those in the store only once it is open, since opening it may
// have a person asked for a password. Stored opens it.
func (s *Secrets) Known() []string {
	names := make(map[string]bool)
	for _, source := range s.sources {
		for _, name := range source.names() {
			if CheckSecretName(name) == nil {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// MissingSecretError says that a secret is in none of the places where it could be.
type MissingSecretError struct {
	Name     string
	Looked   []string // the places, in the order in which they were asked
	Variable string   // the environment variable that would set it
	Command  string   // the command that would keep it in the store; "" without a store
	Known    []string // the secrets that are there
}

// Error names the secret and the places.
func (e *MissingSecretError) Error() string {
	return fmt.Sprintf("secret %s is missing: looked at %s", e.Name, strings.Join(e.Looked, ", then "))
}

// Help says how to set the secret.
func (e *MissingSecretError) Help() string {
	if e.Command == "" {
		return "set the environment variable " + e.Variable
	}
	return "set it: " + e.Command + ", or the environment variable " + e.Variable
}

// CheckSecretName says what is wrong with a name that no secret can have. The error does not hold the name, which may be a
// secret that went astray.
func CheckSecretName(name string) error {
	if !isSecretName(name) {
		return errors.New("a name begins with a letter or _, and goes on with letters, digits and _")
	}
	return nil
}

func isSecretName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// advisedError is an error with what a person should do next.
type advisedError struct {
	error
	help string
}

// Help says what a person should do next.
func (e *advisedError) Help() string { return e.help }

func (e *advisedError) Unwrap() error { return e.error }
