package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// copyTo copies the store in a file into a server, and then has after say whether that is to stay.
func copyTo(t *testing.T, file, url string, after error) (n int64, err error) {
	t.Helper()
	to, err := postgres.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	db, err := to.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	if err := to.MakeSchema(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		if n, err = Copy(t.Context(), file, to, tx); err != nil {
			return err
		}
		return after
	})
	return n, err
}

// TestCopyToServer holds that a store that was copied opens with its key as the file did, and goes on as it.
func TestCopyToServer(t *testing.T) {
	t.Parallel()
	file, url := filepath.Join(t.TempDir(), "auth.db"), postgrestest.Server(t).URL
	if n, err := copyTo(t, file, url, nil); n != 0 || err != nil {
		t.Errorf("without a file: %d, %v", n, err)
	}
	s := open(t, file, testKey)
	old := put(t, s, Entry{Kind: "token", ID: "gone", Data: []byte("x")})
	put(t, s, old)
	if err := s.Delete("token", "gone"); err != nil { // whose generations are not given again
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b\xff\x00ä"} {
		put(t, s, Entry{Kind: "token", ID: id, Data: []byte("secret of " + id)})
	}
	if n, err := Count(file); n != 2 || err != nil {
		t.Errorf("the file has %d, %v", n, err)
	}
	mine := errors.New("mine")
	if _, err := copyTo(t, file, url, mine); !errors.Is(err, mine) {
		t.Errorf("what is taken back: %v", err)
	}
	if n, err := copyTo(t, file, url, nil); n != 2 || err != nil {
		t.Fatalf("copied %d, %v", n, err)
	}
	server := open(t, url, testKey)
	for _, id := range []string{"a", "b\xff\x00ä"} {
		want, got := get(t, s, "token", id), get(t, server, "token", id)
		if string(got.Data) != "secret of "+id || got.Generation != want.Generation || !got.Changed.Equal(want.Changed) {
			t.Errorf("%q is %v, want %v", id, got, want)
		}
	}
	put(t, server, get(t, server, "token", "a"))
	again := put(t, server, Entry{Kind: "token", ID: "gone", Data: []byte("y")})
	if inFile := put(t, s, Entry{Kind: "token", ID: "gone", Data: []byte("y")}); again.Generation != inFile.Generation || again.Generation < 3 {
		t.Errorf("one that was removed is made again with generation %d, in the file %d", again.Generation, inFile.Generation)
	}
	if _, err := copyTo(t, file, url, nil); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("once more: %v, want ErrNotEmpty", err)
	}
}

// TestCopyOverHeadOnServer holds that a store that has nothing yet but a key of its own gets that of the file.
func TestCopyOverHeadOnServer(t *testing.T) {
	t.Parallel()
	file, url := filepath.Join(t.TempDir(), "auth.db"), postgrestest.Server(t).URL
	open(t, url, NewKey().reveal())
	put(t, open(t, file, testKey), Entry{Kind: "token", ID: "a", Data: []byte("x")})
	if n, err := copyTo(t, file, url, nil); n != 1 || err != nil {
		t.Fatalf("copied %d, %v", n, err)
	}
	if got := get(t, open(t, url, testKey), "token", "a"); string(got.Data) != "x" {
		t.Errorf("got %q", got.Data)
	}
}
