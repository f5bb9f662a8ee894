package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// importSums are the digests of the copies of a WSDL, as its file NAME.wsdl.sum has them.
type importSums struct {
	from    string            // the command that made them; "" where there are none
	digests map[string]string // SHA-256 in hexadecimal, by the name of a copy
	names   []string          // in their order
}

// digest is the SHA-256 of a file in hexadecimal.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (i *wsdlImport) sumFile() string { return path.Join(i.dir, i.files[0].Location+".sum") }

// sums is the text of the file: a comment, and lines as sha256sum writes them.
func (i *wsdlImport) sums() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", i.from)
	for _, f := range i.files {
		fmt.Fprintf(&b, "%s  %s\n", digest(f.Data), f.Location)
	}
	return b.String()
}

// readSums reads the sums of the copies that are there. What is no line of sums is passed over: what it was about counts as changed.
func (i *wsdlImport) readSums() (importSums, error) {
	sums := importSums{digests: map[string]string{}}
	data, err := i.root.ReadFile(i.sumFile())
	if errors.Is(err, fs.ErrNotExist) {
		return sums, nil
	}
	if err != nil {
		return sums, err
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if from, ok := strings.CutPrefix(line, "# "); ok {
			sums.from = from
			continue
		}
		sum, name, ok := strings.Cut(line, "  ")
		if ok && fs.ValidPath(name) {
			sums.digests[name] = sum
			sums.names = append(sums.names, name)
		}
	}
	return sums, nil
}
