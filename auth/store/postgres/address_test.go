package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/auth/store/postgres"
)

func TestIsAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"postgres://h/d": true, "postgresql://h/d": true, "POSTGRES://h/d": true, "postgres:h": true,
		"": false, "snrun.db": false, "postgres.db": false, "/var/postgres://x": false, "file:x.db": false, "mysql://h/d": false,
	} {
		if got := postgres.IsAddress(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, name, url, schema, password string }{
		{"postgres://ann@db.example.com/jobs", "db.example.com:5432/jobs", "postgres://ann@db.example.com/jobs", "snrun", ""},
		{"postgresql://ann@db.example.com:6432/jobs?schema=team_a&sslmode=require", "db.example.com:6432/jobs?schema=team_a", "postgresql://ann@db.example.com:6432/jobs?sslmode=require&schema=team_a", "team_a", ""},
		{"postgres://ann:open%20sesame@[::1]/jobs", "[::1]:5432/jobs", "postgres://ann@[::1]/jobs", "snrun", "open sesame"},
		{"postgres://ann@localhost/jobs?password=sesame&schema=snrun", "localhost:5432/jobs", "postgres://ann@localhost/jobs", "snrun", "sesame"},
		{"postgres://ann@localhost/jobs?pass%77ord=sesame", "localhost:5432/jobs", "postgres://ann@localhost/jobs", "snrun", "sesame"},
		{"postgres:///jobs?host=/run/postgresql&user=ann", "/run/postgresql:5432/jobs", "postgres:///jobs?host=/run/postgresql&user=ann", "snrun", ""},
		{"postgres://a:sesame@one.example.com:1,two.example.com:2/jobs?target_session_attrs=read-write", "one.example.com:1/jobs", "postgres://a@one.example.com:1,two.example.com:2/jobs?target_session_attrs=read-write", "snrun", "sesame"},
		{"postgres://ann@localhost/jobs?application_name=nightly", "localhost:5432/jobs", "postgres://ann@localhost/jobs?application_name=nightly", "snrun", ""},
	} {
		a, err := postgres.Parse(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if a.String() != test.name || a.URL() != test.url || a.Schema() != test.schema || a.Password() != test.password || a.IsZero() {
			t.Errorf("%s: got %s, %s, %s, %q\nwant %s, %s, %s, %q", test.text, a, a.URL(), a.Schema(), a.Password(), test.name, test.url, test.schema, test.password)
		}
		if strings.Contains(fmt.Sprintf("%s %v %+v %q", a, a, a, a)+a.URL(), "sesame") {
			t.Errorf("%s: the password shows: %+v", test.text, a)
		}
		again, err := postgres.Parse(a.URL())
		if err != nil || again.String() != a.String() || again.Schema() != a.Schema() {
			t.Errorf("%s: its URL %s is of %s, %v", test.text, a.URL(), again, err)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"postgres:/h/d", "it is no address of a database: write postgres://USER@HOST:5432/DATABASE"},
		{"POSTGRES://h/d", "it is no address of a database: write postgres://USER@HOST:5432/DATABASE"},
		{"postgres://ann@db.example.com", "it names no database: write postgres://USER@HOST:5432/DATABASE"},
		{"postgres://ann@db.example.com/", "it names no database: write postgres://USER@HOST:5432/DATABASE"},
		{"postgres://ann:ses#ame@h/d", "it has a #, which a password has as %23"},
		{"postgres://ann:ses/ame@h/d", "a character such as / @ : % in a password is written as %2F"},
		{"postgres://ann:ses:ame@h:port/d", "a character such as / @ : % in a password is written as %2F"},
		{"postgres://ann:sesa%me@h/d", "a character such as / @ : % in a password is written as %2F"},
		{"postgres://h/d?schema=Team", `the schema "Team" is no plain name`},
		{"postgres://h/d?schema=", `the schema "" is no plain name`},
		{"postgres://h/d?schema=pg_x", `the schema "pg_x" is no plain name`},
		{`postgres://h/d?schema=a";drop`, "is no plain name"},
		{"postgres://h/d?schema=" + strings.Repeat("a", 64), "is no plain name"},
		{"postgres://h/d?search_path=x", "write schema=NAME"},
		{"postgres://h/d?sslpassword=sesame", "better left to PGSSLPASSWORD"},
		{"postgres://h/d?sslmode=on", `sslmode is "on": write one of disable, allow, prefer, require, verify-ca, verify-full`},
		{"postgres://h/d?sslmod=require", `it has the parameter "sslmod", which there is not`},
		{"postgres://h/d?sslrootcert=/nowhere.pem", "it is no address of a database: unable to read CA file: open /nowhere.pem: no such file"},
	} {
		a, err := postgres.Parse(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.text, err, test.want)
			continue
		}
		if !a.IsZero() || a.String() != "" || a.Password() != "" {
			t.Errorf("%s: got the address %s beside the error", test.text, a)
		}
		for _, word := range []string{"ses", "ame@"} {
			if strings.Contains(err.Error(), word) {
				t.Errorf("%s: the error has %q of the password: %v", test.text, word, err)
			}
		}
	}
}

// TestPasswordFromElsewhere holds that the password for what masks it is the one that the server is shown.
func TestPasswordFromElsewhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(file, []byte("*:*:*:ann:sesame-of-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", file)
	if a := address(t, "postgres://ann@db.example.com/jobs"); a.Password() != "sesame-of-the-file" || strings.Contains(a.URL(), "sesame") {
		t.Errorf("got %q of %s", a.Password(), a.URL())
	}
	t.Setenv("PGPASSWORD", "sesame-of-the-variable")
	if a := address(t, "postgres://ann@db.example.com/jobs"); a.Password() != "sesame-of-the-variable" || strings.Contains(a.URL(), "sesame") {
		t.Errorf("got %q of %s", a.Password(), a.URL())
	}
}

// FuzzParse holds that what is left of an address without its password is an address of the same database.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"postgres://a:b@h:1/d?schema=x&sslmode=disable", "postgres:///d?host=/run", "postgresql://h,i:2/d", "postgres://a:%20@[::1]/d?password=x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := postgres.Parse(text)
		if err != nil {
			return
		}
		again, err := postgres.Parse(a.URL())
		if err != nil || again.String() != a.String() || again.Schema() != a.Schema() || again.URL() != a.URL() {
			t.Errorf("%q: its URL %q is of %q, %v", text, a.URL(), again, err)
		}
	})
}
