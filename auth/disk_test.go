package auth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mattn/go-sqlite3"
)

// onStore carries out SQL on the store in a folder, as another program would.
func onStore(t *testing.T, folder, sql string) {
	t.Helper()
	conn, err := new(sqlite3.SQLiteDriver).Open("file:" + folder + "/snrun-auth.db")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.(*sqlite3.SQLiteConn).Exec(sql, nil); err != nil {
		t.Fatal(err)
	}
}

// refuses keeps everybody from writing to the store, as a disk does that is full or read-only; takesAgain ends that.
const (
	refuses = `CREATE TRIGGER full_i BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no room'); END;
		CREATE TRIGGER full_u BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'no room'); END;`
	takesAgain = `DROP TRIGGER full_i; DROP TRIGGER full_u;`
)

// TestDiskIsFullBeforeARefresh holds that a refresh token is not used when the next one could not be kept.
func TestDiskIsFullBeforeARefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder, server := t.TempDir(), &rotating{good: "R0-pasted"}
		s := &system{give: server.give}
		source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
		mustToken(t, source, "T1-token")
		onStore(t, folder, refuses)
		time.Sleep(time.Hour)
		for range 3 {
			if failed := mustFail(t, source); !failed.Temporary() || failed.Help() == "" || s.asked() != 1 {
				t.Errorf("got %v, help %q, after %d requests", failed, failed.Help(), s.asked())
			}
			time.Sleep(time.Minute)
		}
		onStore(t, folder, takesAgain)
		mustToken(t, source, "T2-token")
	})
}

// TestDiskFillsUpDuringARefresh holds that a new refresh token that cannot be kept is kept as soon as that can be, and that the spent
// one is not shown again.
func TestDiskFillsUpDuringARefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder, server := t.TempDir(), &rotating{good: "R0-pasted"}
		full := false
		s := &system{give: func(w http.ResponseWriter, n int, form url.Values) {
			if full {
				onStore(t, folder, refuses)
			}
			server.give(w, n, form)
		}}
		source := sourceIn(t, s, pasted(nil), placeIn(t, folder))
		mustToken(t, source, "T1-token")
		time.Sleep(time.Hour)
		full = true
		for _, says := range []string{"the new refresh token cannot be kept", "the new refresh token is not kept yet"} {
			failed := mustFail(t, source)
			if !failed.Temporary() || !strings.Contains(failed.Error(), says) || s.asked() != 2 {
				t.Errorf("got %v after %d requests, want that %s", failed, s.asked(), says)
			}
			time.Sleep(2 * time.Second)
		}
		onStore(t, folder, takesAgain)
		full = false
		mustToken(t, source, "T2-token")
		if got := s.asked(); got != 2 {
			t.Errorf("%d token requests, want 2", got)
		}
		time.Sleep(time.Hour)
		mustToken(t, sourceIn(t, s, pasted(nil), placeIn(t, folder)), "T3-token") // in another process
	})
}
