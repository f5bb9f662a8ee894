package daemon

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"snrun/jobs"
)

// listen opens the address and the socket. The function it gives closes both.
func (d *Daemon) listen() (closeAll func(), err error) {
	var servers []*http.Server
	closeAll = func() {
		for _, s := range servers {
			s.Close()
		}
	}
	serve := func(l net.Listener, handler http.Handler) {
		servers = append(servers, d.serve(l, handler))
	}
	if d.Listen != "" {
		l, err := net.Listen("tcp", d.Listen)
		if err != nil {
			return nil, err
		}
		d.address = l.Addr().String()
		servers = append(servers, d.serveAddress(l))
	}
	if d.Socket == "" {
		return closeAll, nil
	}
	l, err := listenUnix(d.Socket)
	if err != nil { // commands work without it
		d.Log.Warn("there is no control socket: commands are noticed a second later", "error", err)
		d.Socket = ""
		return closeAll, nil
	}
	serve(l, d.control())
	return closeAll, nil
}

const (
	// maxConnections bounds those to the address, and those to the socket: whoever makes more waits, and the files that runs have open are
	// not those that are missing.
	maxConnections = 256
	maxRequest     = 64 << 10 // of a head, and of a body, in bytes
)

// serveAddress begins to serve the address.
func (d *Daemon) serveAddress(l net.Listener) *http.Server {
	if d.Certificate == nil {
		return d.serve(l, d.front())
	}
	s := d.server(d.front())
	s.TLSConfig = d.Certificate.config()
	go s.ServeTLS(netutil.LimitListener(l, maxConnections), "", "")
	return s
}

// serve begins to serve those who connect.
func (d *Daemon) serve(l net.Listener, handler http.Handler) *http.Server {
	s := d.server(handler)
	go s.Serve(netutil.LimitListener(l, maxConnections))
	return s
}

// server makes a server that gives nobody more time than a request takes.
func (d *Daemon) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: http.MaxBytesHandler(handler, maxRequest), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeaderBytes: maxRequest, ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelWarn),
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxConnections},
	}
}

// front serves the address: the pages, which then say who may come to what, and without any how the daemon stands.
func (d *Daemon) front() http.Handler {
	if d.Pages != nil {
		return d.Pages
	}
	return localOnly(d.Health())
}

// localOnly refuses requests for other names: a page in a browser cannot read what is here by giving its own name this address.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !jobs.IsLoopback(strings.Trim(host, "[]")) {
			http.Error(w, "this is for requests to a loopback address", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Health serves how the daemon stands: /healthz, /readyz and /metrics.
func (d *Daemon) Health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", d.healthz)
	mux.HandleFunc("GET /readyz", d.readyz)
	if d.Metrics != nil {
		mux.Handle("GET /metrics", d.Metrics)
	}
	return mux
}

// healthz tells whether the process is alive and its scheduler at work.
func (d *Daemon) healthz(w http.ResponseWriter, _ *http.Request) {
	if since := d.hanging(); since > 0 {
		http.Error(w, fmt.Sprintf("the scheduler has not looked at its book for %s", since.Round(time.Second)), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// Readiness is what /readyz tells.
type Readiness struct {
	Status string   `json:"status"` // ready, draining or unwell
	Why    string   `json:"why,omitempty"`
	Jobs   int      `json:"jobs"`
	Broken []Broken `json:"broken,omitempty"` // files with mistakes, whose jobs go on as they were before
}

// readyz tells whether the daemon fires: 503 while it ends, or while the database cannot be written.
func (d *Daemon) readyz(w http.ResponseWriter, _ *http.Request) {
	r := Readiness{Status: "ready", Jobs: len(d.library.Names()), Broken: placesOf(d.library.Broken())}
	switch unwell := d.unwell.Load(); {
	case d.draining.Load():
		r.Status, r.Why = "draining", "the daemon ends"
	case unwell != nil:
		r.Status, r.Why = "unwell", d.Redactor.Text(*unwell)
	case d.hanging() > 0:
		r.Status, r.Why = "unwell", "the scheduler hangs"
	}
	code := http.StatusOK
	if r.Status != "ready" {
		code = http.StatusServiceUnavailable
	}
	if d.Public { // the rest is for those who come in
		d.writeJSON(w, code, map[string]string{"status": r.Status})
		return
	}
	d.writeJSON(w, code, r)
}

// placesOf leaves of mistakes where they are: every user of the machine may ask, and what is wrong may quote what stands there.
func placesOf(list []Broken) []Broken {
	for i, b := range list {
		places := make([]Mistake, len(b.Mistakes))
		for j, m := range b.Mistakes {
			places[j] = Mistake{File: m.File, Line: m.Line, Column: m.Column}
		}
		list[i].Mistakes = places
	}
	return list
}

// writeJSON answers with JSON in which no secret shows.
func (d *Daemon) writeJSON(w http.ResponseWriter, code int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(append(d.Redactor.Bytes(data), '\n'))
}
