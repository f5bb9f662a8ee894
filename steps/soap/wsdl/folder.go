package wsdl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"

	"snrun/steps/soap/xsd"
)

// Folder gives the source of the WSDLs in a folder. Locations are relative to it, with slashes. Load lets a WSDL import only what
// stands in its own folder or below: no absolute path, no way out with "..", no link that leads out, nothing from the network.
func Folder(root string) xsd.Source { return &folder{root: root, dir: "."} }

// Tree is like Folder, but a WSDL may import what stands anywhere in the folder.
func Tree(root string) xsd.Source { return &folder{root: root, dir: ".", whole: true} }

// folder reads files below dir, which is relative to root.
type folder struct {
	root, dir string
	whole     bool                // a WSDL may import from all of dir
	seen      map[string]sighting // of what was read, as it was before; nil where nobody asks
}

// below gives the source of a WSDL that stands in a folder of this one.
func (f *folder) below(dir string) *folder {
	if f.whole {
		return f
	}
	return &folder{root: f.root, dir: path.Join(f.dir, dir), seen: f.seen}
}

// Resolve gives the file that a document names.
func (f *folder) Resolve(from, named string) (string, error) {
	named = strings.ReplaceAll(strings.TrimSpace(named), `\`, "/") // as Windows writes paths
	u, err := url.Parse(named)
	switch {
	case err != nil:
		return "", errors.New("this is no address of a file")
	case u.Scheme == "http" || u.Scheme == "https" || u.Host != "":
		return "", errors.New("it is on the web, and a WSDL in a folder may import files of its folder only")
	case u.Scheme != "" || u.Opaque != "" || path.IsAbs(u.Path):
		return "", errors.New("it is an absolute path, and a WSDL in a folder may import files of its folder only")
	case u.Path == "":
		return from, nil
	}
	name := path.Join(path.Dir(from), u.Path)
	if !isBelow(f.dir, name) {
		return "", fmt.Errorf("it is not in the folder of the WSDL, %s, or below", f.shown())
	}
	return name, nil
}

// shown is the folder as a person sees it.
func (f *folder) shown() string {
	if f.dir == "." {
		return "the one it stands in"
	}
	return f.dir + "/"
}

// isBelow says whether a clean path stands in a folder or below.
func isBelow(dir, name string) bool {
	if dir == "." {
		return name != ".." && !strings.HasPrefix(name, "../") && !path.IsAbs(name)
	}
	return strings.HasPrefix(name, dir+"/")
}

// Read reads a file, 16 MB at most.
func (f *folder) Read(ctx context.Context, location string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.seen != nil {
		f.seen[location] = f.sight(location)
	}
	data, err := f.read(location)
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errMissing{}
	case errors.As(err, &at):
		return nil, at.Err // the path is told by who asked
	}
	return data, err
}

func (f *folder) read(location string) ([]byte, error) {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := path.Clean(location)
	if f.dir != "." { // what links lead to is held below it too
		if root, err = root.OpenRoot(f.dir); err != nil {
			return nil, err
		}
		defer root.Close()
		name = strings.TrimPrefix(name, f.dir+"/")
	}
	info, err := root.Stat(name) // before it is opened, where a pipe would wait for ever
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("this is not a file")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file)
}

// errMissing is the error of a file that is not there.
type errMissing struct{}

func (errMissing) Error() string { return "there is no such file" }

// Unwrap gives fs.ErrNotExist.
func (errMissing) Unwrap() error { return fs.ErrNotExist }

// errTooLarge is the error of a document that is not read to its end.
var errTooLarge = fmt.Errorf("the document has more than %d MB", maxDocument>>20)

// readAll reads a document, unless that is too large.
func readAll(from io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = errTooLarge
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}
