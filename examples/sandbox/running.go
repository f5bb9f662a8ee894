package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Running is a sandbox that listens.
type Running struct {
	*Server
	url    string
	cancel context.CancelFunc
	here   *serving
	away   *serving // the other port
	conns  sync.WaitGroup
}

// serving is one port.
type serving struct {
	http   *http.Server
	served chan struct{} // closed once Serve has returned err
	err    error
}

// Start makes a sandbox that listens on a loopback address until Close. Any other address is refused: the sandbox's
// control paths ask nobody for a password.
func Start(o Options) (*Running, error) {
	listener, err := listen(orElse(o.Addr, "127.0.0.1:0"))
	if err != nil {
		return nil, err
	}
	other, err := listen(net.JoinHostPort(listener.Addr().(*net.TCPAddr).IP.String(), "0"))
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Running{Server: New(o), url: "http://" + listener.Addr().String(), cancel: cancel}
	r.Server.away = "http://" + other.Addr().String()
	r.here = r.answerAt(ctx, listener, r.Server)
	r.away = r.answerAt(ctx, other, http.HandlerFunc(r.answerElsewhere))
	return r, nil
}

func (r *Running) answerAt(ctx context.Context, listener net.Listener, handler http.Handler) *serving {
	s := &serving{served: make(chan struct{})}
	s.http = &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         r.countConns,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() {
		defer close(s.served)
		s.err = s.http.Serve(listener)
	}()
	return s
}

func listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox address %q: write it as 127.0.0.1:PORT", addr)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("sandbox address %q is not on loopback: write it as 127.0.0.1:PORT", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() { // "localhost" may be mapped elsewhere
		_ = listener.Close()
		return nil, fmt.Errorf("sandbox address %q is not on loopback: write it as 127.0.0.1:PORT", addr)
	}
	return listener, nil
}

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// URL is the address to ask, such as http://127.0.0.1:40123, without a slash at the end.
func (r *Running) URL() string { return r.url }

// Close drops all connections and returns once every goroutine of the sandbox has ended. Slow answers are cut short.
// It may be called more than once.
func (r *Running) Close() error {
	r.cancel()
	err := errors.Join(r.here.close(), r.away.close())
	r.conns.Wait()
	return err
}

func (s *serving) close() error {
	err := s.http.Close()
	<-s.served
	if !errors.Is(s.err, http.ErrServerClosed) {
		err = errors.Join(err, s.err)
	}
	return err
}

// A connection is new before Serve returns, and closed when its goroutine is done with it.
func (r *Running) countConns(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		r.conns.Add(1)
	case http.StateClosed:
		r.conns.Done()
	}
}
