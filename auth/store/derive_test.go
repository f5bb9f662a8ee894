package store

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

// TestDerive holds that equal keys give equal ones for a purpose, and no others do.
func TestDerive(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "auth.db")
	derive := func(key, purpose string) []byte {
		t.Helper()
		derived, err := placeOf(file, key).Derive(purpose)
		if err != nil {
			t.Fatal(err)
		}
		if len(derived) != derivedSize {
			t.Errorf("%d bytes", len(derived))
		}
		return derived
	}
	const otherKey = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
	one := derive(testKey, "a")
	if !bytes.Equal(one, derive(testKey, "a")) {
		t.Error("the same key gives another one for the same purpose")
	}
	if bytes.Equal(one, derive(testKey, "b")) || bytes.Equal(one, derive(otherKey, "a")) {
		t.Error("another purpose, or another key, gives the same one")
	}
	if _, err := (&Place{File: file}).Derive("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("without a key: ", err)
	}
}
