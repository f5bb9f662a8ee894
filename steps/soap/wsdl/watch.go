package wsdl

import (
	"os"
	"path/filepath"
	"time"

	"snrun/steps/soap/xsd"
)

// Watch gives the source of a folder as Folder does, and says whether one of the documents that were asked of it has changed since:
// also one that was not there, or could not be read. Neither may be used by several goroutines at once.
func Watch(root string) (src xsd.Source, changed func() bool) {
	f := &folder{root: root, dir: ".", seen: map[string]sighting{}}
	return f, f.changed
}

// sighting is what tells a version of a file from others; the zero value is a file that is not there.
type sighting struct {
	written time.Time
	size    int64
}

func (f *folder) sight(location string) sighting {
	info, err := os.Stat(filepath.Join(f.root, filepath.FromSlash(location)))
	if err != nil {
		return sighting{}
	}
	return sighting{info.ModTime(), info.Size()}
}

func (f *folder) changed() bool {
	for location, before := range f.seen {
		if now := f.sight(location); now.size != before.size || !now.written.Equal(before.written) {
			return true
		}
	}
	return false
}
