package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsPlain holds that no file beside the store has what was put into it, nor the key.
func TestNothingIsPlain(t *testing.T) {
	t.Parallel()
	file := newFile(t)
	s := open(t, file, testKey)
	e := put(t, s, Entry{Kind: "token", ID: "a", Data: []byte("open sesame")})
	e.Data = []byte("close sesame")
	put(t, s, e)
	if err := s.Rotate(NewKey()); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(filepath.Dir(file), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, word := range []string{"sesame", testKey, "0123456789abcdef"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q", path, word)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}
