package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrMoved is the error of a history whose file is another one by now than the one that is open, or none: what is written would be
// lost, and other processes, which find another history there, would do everything again.
var ErrMoved = errors.New("the file was moved, deleted or replaced while it was in use")

// movedAdvice is what to do about it.
const movedAdvice = "put it back as it was, or end the process and start it again"

// inPlace says whether the files that the Store has open are still where others look for them. The file that shows that this process lives
// is made anew where somebody removed it.
func (s *Store) inPlace(doing string) error {
	for _, f := range s.opened {
		now, err := os.Stat(f.path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, f.info) {
			return fmt.Errorf("%s in %s: %w (%s): %s", doing, s.place, ErrMoved, f.path, movedAdvice)
		}
	}
	return s.place.fault(doing, s.alive.renew())
}

// openedFile is a file as it was when it was opened.
type openedFile struct {
	path string
	info fs.FileInfo
}

// noteFiles notes which files the Store has open: the database, and the log before it, which stays for as long as somebody
// writes.
func (s *Store) noteFiles() error {
	for _, path := range s.place.files() {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s.place.fault("open the history", err)
		}
		s.opened = append(s.opened, openedFile{path, info})
	}
	return nil
}

// renew makes the sign of life anew where its file is not there any more.
func (a *lockFiles) renew() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil || same(a.file, a.file.Name()) {
		return nil
	}
	f, err := lockNew(a.folder, a.token)
	if err != nil || f == nil { // nil: another process swept it away at that moment
		return err
	}
	a.file.Close()
	a.file = f
	return nil
}
