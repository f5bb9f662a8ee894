package auth

import (
	"context"
	"testing"

	"github.com/mattn/go-sqlite3"
)

func BenchmarkCachedToken(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkCached(b, inBubble(b, &system{}, nil)) })
	b.Run("locked store", func(b *testing.B) { benchmarkCached(b, lockedOut(b)) })
}

func benchmarkCached(b *testing.B, source *tokenSource) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := source.token(context.Background()); err != nil {
				b.Error(err)
			}
		}
	})
}

// lockedOut is a source with a good token, whose store somebody else has locked since: the sign-in, and the whole file.
func lockedOut(t testing.TB) *tokenSource {
	t.Helper()
	folder := t.TempDir()
	source := sourceIn(t, &system{}, nil, placeIn(t, folder))
	if _, err := source.token(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := placeIn(t, folder)
	s, err := other.Open()
	if err != nil {
		t.Fatal(err)
	}
	_, release, err := s.Lock(t.Context(), tokenKind+"-"+source.id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	lockFile(t, other.File)
	return source
}

// lockFile keeps everybody else from reading and writing a store's file.
func lockFile(t testing.TB, file string) {
	t.Helper()
	conn, err := new(sqlite3.SQLiteDriver).Open("file:" + file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.(*sqlite3.SQLiteConn).Exec("BEGIN EXCLUSIVE", nil); err != nil {
		t.Fatal(err)
	}
}

// A request with a token that is good takes no lock that other processes take, and does not look into the store: who wanted to would
// wait here in vain.
func TestTokenInMemoryNeedsNoStore(t *testing.T) {
	t.Parallel()
	source := lockedOut(t)
	given, cancel := context.WithCancel(t.Context())
	cancel() // nothing may wait
	for range 100 {
		if _, err := source.token(given); err != nil {
			t.Fatal(err)
		}
	}
}
