package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	secretVariable = "SNRUN_SECRET_"
	maxSecret      = 64 << 10 // bytes of a file that holds a secret
)

// SecretsOptions say where secrets may come from.
type SecretsOptions struct {
	Environ  []string // as os.Environ gives it
	Dir      string   // the folder of secrets.dir, "" for none
	Redactor *Redactor
}

// Secrets finds the values of secret.NAME. It is safe for concurrent use.
type Secrets struct {
	redactor *Redactor
	sources  []secretSource
}

// secretSource is one place where secrets come from. Secrets asks its sources in their order.
type secretSource struct {
	// place says where this source looks for a name.
	place func(name string) string
	// lookup gives fs.ErrNotExist where there is no such secret, and "" where it is there, but empty.
	lookup func(name string) (string, error)
	// names lists what there is.
	names func() []string
}

// NewSecrets makes the Secrets that looks at SNRUN_SECRET_NAME, then for a file NAME in $CREDENTIALS_DIRECTORY, then for one
// in the options' folder.
func NewSecrets(o SecretsOptions) *Secrets {
	s := &Secrets{redactor: o.Redactor}
	env := make(map[string]string, len(o.Environ))
	for _, entry := range o.Environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	s.sources = append(s.sources, variables(env))
	if dir := env["CREDENTIALS_DIRECTORY"]; dir != "" {
		s.sources = append(s.sources, folder(dir, "$CREDENTIALS_DIRECTORY"))
	}
	if o.Dir != "" {
		s.sources = append(s.sources, folder(o.Dir, "secrets.dir"))
	}
	return s
}

// Lookup gives the secret of this name, and has the redactor mask it from then on. The error is a *MissingSecretError where
// none of the sources has it; others say what is wrong with the source that does.
func (s *Secrets) Lookup(name string) (Secret, error) {
	if !isSecretName(name) {
		return Secret{}, fmt.Errorf("secret %q: a name begins with a letter or _, and goes on with letters, digits and _", name)
	}
	missing := &MissingSecretError{Name: name, Variable: secretVariable + name}
	for _, source := range s.sources {
		value, err := source.lookup(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing.Looked = append(missing.Looked, source.place(name))
		case err != nil:
			return Secret{}, fmt.Errorf("secret %s: %s: %w", name, source.place(name), err)
		case value == "":
			missing.Looked = append(missing.Looked, source.place(name)+" (there, but empty)")
		default:
			if s.redactor != nil {
				s.redactor.Add(value)
			}
			return NewSecret(value), nil
		}
	}
	return Secret{}, missing
}

// Known gives the names of the secrets that are there, sorted.
func (s *Secrets) Known() []string {
	names := make(map[string]bool)
	for _, source := range s.sources {
		for _, name := range source.names() {
			if isSecretName(name) {
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
}

// Error names the secret and the places.
func (e *MissingSecretError) Error() string {
	return fmt.Sprintf("secret %s is missing: looked at %s", e.Name, strings.Join(e.Looked, ", then "))
}

// Help says how to set the secret.
func (e *MissingSecretError) Help() string {
	return fmt.Sprintf("set the environment variable %s, or put a file %s into the folder that secrets.dir names in snrun.yaml",
		e.Variable, e.Name)
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

// variables is the source of the environment variables SNRUN_SECRET_NAME.
func variables(env map[string]string) secretSource {
	return secretSource{
		place: func(name string) string { return secretVariable + name },
		lookup: func(name string) (string, error) {
			if value, ok := env[secretVariable+name]; ok {
				return value, nil
			}
			return "", fs.ErrNotExist
		},
		names: func() []string {
			var names []string
			for variable := range env {
				if name, ok := strings.CutPrefix(variable, secretVariable); ok {
					names = append(names, name)
				}
			}
			return names
		},
	}
}

// folder is a source with one file a secret. Setting names what chose the folder.
func folder(dir, setting string) secretSource {
	return secretSource{
		place:  func(name string) string { return filepath.Join(dir, name) + " (" + setting + ")" },
		lookup: func(name string) (string, error) { return readSecret(filepath.Join(dir, name)) },
		names: func() []string {
			var names []string
			entries, _ := os.ReadDir(dir) // a folder that cannot be read has no names to suggest
			for _, entry := range entries {
				if !entry.IsDir() {
					names = append(names, entry.Name())
				}
			}
			return names
		},
	}
}

// readSecret reads a file, without the newline at its end that editors put there.
func readSecret(path string) (string, error) {
	// A pipe without a writer would hold up Open for ever.
	info, err := os.Stat(path)
	if err != nil {
		return "", plain(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", plain(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	switch {
	case err != nil:
		return "", plain(err)
	case len(data) > maxSecret:
		return "", errors.New("larger than 64 KB, which is no secret")
	case bytes.IndexByte(data, 0) >= 0:
		return "", errors.New("holds a NUL byte: a secret is text")
	}
	if text, ok := strings.CutSuffix(string(data), "\r\n"); ok {
		return text, nil
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

// plain takes the path out of an error of the file system, where the message around it has it already.
func plain(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
