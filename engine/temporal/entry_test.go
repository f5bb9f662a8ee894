package temporal

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"snrun/engine/temporal/temporaltest"
)

// TestRefusedKeyIsReadAgain holds that a call whose key is refused is made anew with the one that there is then, that one which stays as it is
// is not read for each call, and what is said where it cannot be read.
func TestRefusedKeyIsReadAgain(t *testing.T) {
	t.Parallel()
	server := temporaltest.Guarded(t, temporaltest.Guard{Keys: true})
	namespace := server.Namespace(t)
	past, good := server.Key(t, namespace, "read", time.Now().Add(-time.Hour)), server.Key(t, namespace, "read", time.Now().Add(time.Hour))
	authority, err := os.ReadFile(server.File(temporaltest.CA))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	for _, test := range []struct {
		name  string
		keys  []string // "" for one that cannot be read
		lets  bool
		reads int
		says  string
	}{
		{"a key that holds", []string{good, past}, true, 1, ""},
		{"one that was replaced", []string{past, good}, true, 2, "is another one now"},
		{"one that stays", []string{past, past, good}, false, 2, ""},
		{"one that is gone", []string{past, ""}, false, 2, "cannot be read again"},
		{"none", []string{""}, false, 1, ""},
	} {
		var said bytes.Buffer
		reads := 0
		c := Connection{
			Address: server.Address(), Namespace: namespace, Keys: [][]byte{testKey}, TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			Log: slog.New(slog.NewTextHandler(&said, nil)),
			APIKey: func(context.Context) (string, error) {
				if reads++; test.keys[reads-1] == "" {
					return "", errors.New("nowhere")
				}
				return test.keys[reads-1], nil
			},
		}
		err := described(t, c)
		if (err == nil) != test.lets || reads != test.reads || !strings.Contains(said.String(), test.says) {
			t.Errorf("%s: %v after %d reads, want %d; it says\n%s", test.name, err, reads, test.reads, said.String())
		}
		if text := said.String(); strings.Contains(text, past) || strings.Contains(text, good) {
			t.Errorf("%s: a key shows", test.name)
		}
	}
}

// described connects and asks for the namespace.
func described(t *testing.T, c Connection) error {
	connected, err := c.Connect(t.Context())
	if err != nil {
		return err
	}
	defer connected.Close()
	_, err = connected.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	return err
}
