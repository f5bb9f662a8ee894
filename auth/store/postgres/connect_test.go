package postgres_test

import (
	"context"
	"testing"

	"snrun/auth/store/postgres"
	"snrun/auth/store/postgres/postgrestest"
)

// address parses one, which must work.
func address(t *testing.T, url string) postgres.Address {
	t.Helper()
	a, err := postgres.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestConnect holds what every connection has: the name of the program, the schema, and a server that watches over its end.
func TestConnect(t *testing.T) {
	t.Parallel()
	a := address(t, postgrestest.Server(t).URL)
	c, err := a.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	for range 2 { // making it again does nothing
		if err := a.MakeSchema(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"application_name": "snrun", "search_path": `"` + a.Schema() + `"`,
		"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "10000",
	} {
		var got string
		if err := c.QueryRow(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
	var schema string
	if err := c.QueryRow(t.Context(), "SELECT current_schema").Scan(&schema); err != nil || schema != a.Schema() {
		t.Errorf("the schema is %q, %v, want %q", schema, err, a.Schema())
	}
	db := a.DB()
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT current_schema").Scan(&schema); err != nil || schema != a.Schema() {
		t.Errorf("through a pool the schema is %q, %v, want %q", schema, err, a.Schema())
	}
}

// TestServerThatIsGone holds what the errors amount to while a server is stopped, killed and started again.
func TestServerThatIsGone(t *testing.T) {
	t.Parallel()
	server := postgrestest.Own(t)
	a := address(t, server.URL)
	for _, end := range []func(testing.TB){server.Stop, server.Kill} {
		c, err := a.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		end(t)
		if _, err := c.Exec(t.Context(), "SELECT 1"); !postgres.Gone(err) || !postgres.Passes(err) {
			t.Errorf("a statement to a server that is gone: %v", err)
		}
		if _, err := c.Exec(t.Context(), "SELECT 1"); !postgres.Gone(err) {
			t.Errorf("a statement on a connection that is lost: %v", err)
		}
		if _, err := a.Connect(t.Context()); !postgres.Gone(err) {
			t.Errorf("connecting to a server that is gone: %v", err)
		}
		server.Start(t)
		if c, err = a.Connect(t.Context()); err != nil {
			t.Fatalf("connecting to a server that was started again: %v", err)
		}
		c.Close(t.Context())
	}
}
