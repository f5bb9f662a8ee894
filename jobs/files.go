package jobs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// maxFile is how long a file of the language may be, in bytes: far more than anybody writes.
const maxFile = 16 << 20

// errNotPlain is the error of a file of a project that has no end of its own, or gives something else each time that it is read.
var errNotPlain = errors.New("this is no regular file, but a pipe, a device or the like")

// ReadFile gives what is in a file of a project. It never waits: one that is no regular file is an error, as is one that is too long.
func ReadFile(file string) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe is opened without anybody who writes to it
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() && !info.IsDir() { // reading a folder is an error that says so
		return nil, fmt.Errorf("read %s: %w", file, errNotPlain)
	}
	return readAll(f)
}

// readNamed gives what is in a file that a person named: that may be a pipe, such as a shell makes, unless it has the name of a job file.
func readNamed(file string) ([]byte, error) {
	if isYAML(file) {
		return ReadFile(file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

func readAll(f *os.File) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, fmt.Errorf("read %s: the file is longer than %d MB", f.Name(), maxFile>>20)
	}
	return data, err
}
