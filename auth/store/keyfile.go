package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyFileLimit is how much of a key file is read: more than any form of a key takes.
const keyFileLimit = 4096

// ReadKeyFile reads the key in a file, which must be for its owner's eyes only. Where the system hands secrets to programs
// (below $CREDENTIALS_DIRECTORY and /run/secrets) it sets the mode, not a person, and any is taken. The error is a *KeyError,
// and does not quote what the file has.
func (p *Place) ReadKeyFile(file string) (Key, error) {
	f, err := os.Open(file)
	if err != nil {
		return Key{}, p.unreadable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Key{}, p.unreadable(err)
	}
	if info.Mode().Perm()&others != 0 && !p.handedOver(file) {
		return Key{}, &KeyError{
			Message: fmt.Sprintf("others may use the key file %s (its mode is %04o)", file, info.Mode().Perm()),
			Hint:    "keep it to yourself: chmod 600 " + quote(file),
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, keyFileLimit))
	if err != nil {
		return Key{}, p.unreadable(err)
	}
	key, err := ParseKey(string(text))
	if err != nil {
		return Key{}, p.badKey("the key file "+file, err)
	}
	return key, nil
}

// handedOver says whether a file is one that the system hands to programs.
func (p *Place) handedOver(file string) bool {
	folders := []string{"/run/secrets"}
	if p.Getenv != nil {
		folders = append(folders, p.Getenv("CREDENTIALS_DIRECTORY"))
	}
	for _, folder := range folders {
		rel, err := filepath.Rel(folder, file)
		if filepath.IsAbs(folder) && err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return true
		}
	}
	return false
}

// WriteKeyFile makes a new key and a file that has it, for its owner's eyes only. The error is fs.ErrExist where there is a file
// already.
func WriteKeyFile(file string) (Key, error) {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Key{}, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Key{}, err
	}
	key := NewKey()
	_, err = f.WriteString(key.reveal() + "\n")
	// What is encrypted under the key is lost with it: it must be on disk first, and its name too.
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		return Key{}, errors.Join(err, os.Remove(file))
	}
	return key, nil
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (p *Place) unreadable(err error) error {
	message := "the key file cannot be read: " + err.Error()
	if bad, ok := errors.AsType[*fs.PathError](err); ok && (strings.HasPrefix(bad.Path, "~/") || strings.HasPrefix(bad.Path, "$")) {
		return &KeyError{message, "write the whole path: only a shell puts a folder for ~ and $HOME, a crontab does not"}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &KeyError{message, "put the file back, or where nothing is kept yet make one: " + p.makeKeyHint()}
	}
	return &KeyError{message, "make it readable for the user that runs snrun, and for nobody else"}
}
