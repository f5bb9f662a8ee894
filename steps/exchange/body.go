package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Body is what a request carries, encoded once, and readable as often as the request must be sent.
type Body struct {
	ContentType string
	Size        int64 // bytes
	Open        func() (io.ReadCloser, error)
	// Record is what history may see of it: all of it where it is in memory, else its parts with files named only.
	Record []byte
}

// InMemory makes a body of bytes, which may not change any more.
func InMemory(contentType string, data []byte) *Body {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return &Body{ContentType: contentType, Size: int64(len(data)), Open: open, Record: data}
}

// InDir makes a file name absolute: relative names start in the project's folder.
func InDir(name, dir string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// FileSize gives the size of a regular file in bytes. The error is in plain words.
func FileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, FileError(err)
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a file", filepath.Base(path))
	}
	return info.Size(), nil
}

// FileError says what is wrong with a file in plain words, naming the file.
func FileError(err error) error {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", pe.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read or written by this user", pe.Path)
	}
	return fmt.Errorf("%s: %w", pe.Path, pe.Err)
}
