package store

import (
	"bytes"
	"path/filepath"
	"testing"
)

// BenchmarkOpen is what a process pays that reads one token: opening the store, and an entry of 2 KB.
func BenchmarkOpen(b *testing.B) {
	file := filledStore(b)
	for b.Loop() {
		p := placeOf(file, testKey)
		s, err := p.Open()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Get("token", "p"); err != nil {
			b.Fatal(err)
		}
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGet reads an entry of a store that is open.
func BenchmarkGet(b *testing.B) {
	s := openStore(b, filledStore(b))
	for b.Loop() {
		if _, err := s.Get("token", "p"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPut writes an entry durably: it takes as long as the disk needs for it.
func BenchmarkPut(b *testing.B) {
	s := openStore(b, filledStore(b))
	e, err := s.Get("token", "p")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if e, err = s.Put(e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLock takes the lock of a name that nobody else wants, and gives it back.
func BenchmarkLock(b *testing.B) {
	s := openStore(b, filledStore(b))
	for b.Loop() {
		_, release, err := s.Lock(b.Context(), "token-p")
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}

// filledStore makes a store with a token of 2 KB, and gives its file.
func filledStore(b *testing.B) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "snrun-auth.db")
	if _, err := openStore(b, file).Put(Entry{Kind: "token", ID: "p", Data: bytes.Repeat([]byte("token 42"), 256)}); err != nil {
		b.Fatal(err)
	}
	return file
}

func openStore(b *testing.B, file string) *Store {
	b.Helper()
	p := placeOf(file, testKey)
	s, err := p.Open()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.Close() })
	return s
}
