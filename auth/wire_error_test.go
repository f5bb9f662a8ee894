package auth

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestErrorsOfTheNetworkInPlainWords(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	other := errors.New("something else")
	tests := []struct {
		err  error
		want string
	}{
		{refused, "connection refused"},
		{&net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}, "the proxy: connection refused"},
		{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, "the server broke the connection"},
		{fmt.Errorf("reading: %w", io.EOF), "the server closed the connection without an answer"},
		{&net.DNSError{Name: "gone.example.com", IsNotFound: true}, `no host is named "gone.example.com"`},
		{&net.DNSError{Name: "gone.example.com", IsTimeout: true}, `the name "gone.example.com" could not be looked up`},
		{other, "something else"},
	}
	for _, tt := range tests {
		got := wireFailure(tt.err, true)
		if got.Cause.Error() != tt.want || !errors.Is(got, tt.err) || !got.Temporary() || !got.lost {
			t.Errorf("%v: got %+v, want the cause %q", tt.err, got, tt.want)
		}
	}
}

func TestTokenEndpointThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	s := &system{}
	client, base := overWire(t, s, Settings{"token_url": server.URL + "/token"})
	_, err := client.Get(base)
	failed, ok := errors.AsType[*SignInError](err)
	if want := "profile p: no token from " + server.URL + "/token (grant client_credentials): connection refused"; !ok || failed.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestTokenEndpointWithoutTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	client, base := overWire(t, &system{}, Settings{"token_url": strings.Replace(server.URL, "http:", "https:", 1) + "/token"})
	_, err := client.Get(base)
	failed, ok := errors.AsType[*SignInError](err)
	if !ok || !strings.HasSuffix(failed.Error(), "the server does not speak TLS there") || failed.Help() != "check scheme and port of the address" {
		t.Errorf("got %v: %s", err, failed.Help())
	}
}

// A store that others may read is refused until a person has done something about it: trying again is no use.
func TestStoreThatOthersMayReadIsNoOutage(t *testing.T) {
	t.Parallel()
	s, folder := &system{}, t.TempDir()
	mustToken(t, sourceIn(t, s, nil, placeIn(t, folder)), "T1-token")
	file := filepath.Join(folder, "snrun-auth.db")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	failed := mustFail(t, sourceIn(t, s, nil, placeIn(t, folder)))
	if failed.Temporary() || !strings.HasSuffix(failed.Error(), "others may use it (its mode is 0644)") ||
		!strings.Contains(failed.Help(), "chmod 600 ") || s.asked() != 1 {
		t.Errorf("got %v: %s; temporary %v after %d requests", failed, failed.Help(), failed.Temporary(), s.asked())
	}
}
