package auth

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	secretVariable = "SNRUN_SECRET_"
	maxSecret      = 64 << 10 // bytes of a secret as it comes, with the newline at its end
)

// variables is the source of the environment variables SNRUN_SECRET_NAME.
func variables(env map[string]string) secretSource {
	return secretSource{
		kind:  FromEnvironment,
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
func folder(dir, kind, setting string) secretSource {
	return secretSource{
		kind:   kind,
		place:  func(name string) string { return filepath.Join(dir, name) + " (" + setting + ")" },
		lookup: func(name string) (string, error) { return readSecretFile(filepath.Join(dir, name)) },
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

func readSecretFile(path string) (string, error) {
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
	return ReadSecret(file)
}

// ReadSecret reads a secret to the end of r: 64 KB of text at most, without the one newline at its end that editors put
// there. It is "" where there is nothing else.
func ReadSecret(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if err != nil {
		return "", plain(err)
	}
	return secretText(data)
}

func secretText(data []byte) (string, error) {
	switch {
	case len(data) > maxSecret:
		return "", errTooLarge
	case bytes.IndexByte(data, 0) >= 0:
		return "", errors.New("holds a NUL byte: a secret is text")
	case !utf8.Valid(data):
		return "", errors.New("is not UTF-8: a secret is text, and a binary one is written in base64")
	}
	if text, ok := strings.CutSuffix(string(data), "\r\n"); ok {
		return text, nil
	}
	return strings.TrimSuffix(string(data), "\n"), nil
}

var errTooLarge = errors.New("larger than 64 KB, which is no secret")

// plain takes the path out of an error of the file system, where the message around it has it already.
func plain(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
