package soap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/wsdl"
)

// library keeps the WSDLs that were compiled: each once in the life of the process, a file again when it was changed.
type library struct {
	mu    sync.Mutex
	known map[string]*volume
}

// volume is one WSDL. Whoever wants it first compiles it, and the others wait.
type volume struct {
	mu      sync.Mutex
	defs    *wsdl.Definitions
	err     error
	changed time.Time // of the file when it was read
	size    int64
	fetched *fetching // nil while nobody fetches it
}

// fetching is a WSDL on its way. Err and cut are for those who wait for it; cut says that it ended with the one who asked.
type fetching struct {
	over chan struct{}
	err  error
	cut  bool
}

func newLibrary() *library { return &library{known: map[string]*volume{}} }

func (l *library) volume(key string) *volume {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[key] == nil {
		l.known[key] = &volume{}
	}
	return l.known[key]
}

// isRemote says whether a WSDL is fetched: it is named by an address, or by a path below the base URL.
func isRemote(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "/")
}

// file gives the WSDL in a file of the project. A mistake in it is kept until the file is changed.
func (l *library) file(dir, name string) (*wsdl.Definitions, error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return nil, exchange.FileError(err)
	}
	v := l.volume(path)
	v.mu.Lock()
	defer v.mu.Unlock()
	if (v.defs != nil || v.err != nil) && v.changed.Equal(info.ModTime()) && v.size == info.Size() {
		return v.defs, v.err
	}
	v.changed, v.size = info.ModTime(), info.Size()
	v.defs, v.err = wsdl.Load(context.Background(), wsdl.Folder(dir), filepath.ToSlash(name))
	return v.defs, v.err
}

// fetch gives a WSDL that is fetched as the step's profile. One that could not be had is asked for again the next time.
func (l *library) fetch(ctx context.Context, in steps.Input, env *steps.Env) (*wsdl.Definitions, error) {
	name := in.Text("wsdl")
	at := steps.Input{"base_url": in["base_url"]}
	if strings.HasPrefix(name, "/") {
		at["path"] = name
	} else {
		at["url"] = name
	}
	address, query, err := exchange.Target(at)
	if err != nil {
		return nil, err
	}
	address.RawQuery = query.String()
	v := l.volume(in.Text("profile") + "\n" + address.String())
	return v.fetch(ctx, func(ctx context.Context) (*wsdl.Definitions, error) {
		return load(ctx, in, env, address)
	})
}

// fetch gives the WSDL, by load where nobody has it yet. Who waits for another's load takes what becomes of it, so that a server
// which hangs is not waited for by one after the other; unless it was only given up: then the next one asks.
func (v *volume) fetch(ctx context.Context, load func(context.Context) (*wsdl.Definitions, error)) (*wsdl.Definitions, error) {
	for {
		defs, other, mine := v.begin()
		switch {
		case defs != nil:
			return defs, nil
		case mine != nil:
			return v.lead(ctx, mine, load)
		}
		select {
		case <-other.over:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if other.err != nil && !other.cut {
			return nil, other.err
		}
	}
}

// begin gives the WSDL, or a load of it: another's that is under way, else one's own.
func (v *volume) begin() (defs *wsdl.Definitions, other, mine *fetching) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.defs == nil && v.fetched == nil {
		v.fetched = &fetching{over: make(chan struct{}), err: errors.New("the WSDL was not read")}
		return nil, nil, v.fetched
	}
	return v.defs, v.fetched, nil
}

// lead loads the WSDL for all who wait for it.
func (v *volume) lead(ctx context.Context, f *fetching, load func(context.Context) (*wsdl.Definitions, error)) (defs *wsdl.Definitions, err error) {
	defer func() { // also where load panics
		v.mu.Lock()
		defer v.mu.Unlock()
		v.defs, v.fetched = defs, nil
		close(f.over)
	}()
	defs, f.err = load(ctx)
	f.cut = ctx.Err() != nil
	return defs, f.err
}

// load asks for the WSDL, within the time that the step gives to an attempt.
func load(ctx context.Context, in steps.Input, env *steps.Env, address *url.URL) (*wsdl.Definitions, error) {
	client, err := env.Clients.Client(ctx, in.Text("profile"))
	var signIn steps.SignInError
	switch {
	case errors.As(err, &signIn):
		return nil, err
	case err != nil:
		return nil, exchange.Hinted(exchange.BadInput("%w", err), "check the profile")
	}
	if total := totalOf(in); total > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, total, fmt.Errorf("not done within %s: %w", total, context.DeadlineExceeded))
		defer cancel()
	}
	return wsdl.Load(steps.WithLookup(ctx), wsdl.Web(client, address), address.String())
}

// totalOf is how long an attempt may take, 0 where the step does not say.
func totalOf(in steps.Input) time.Duration {
	total, short := in["timeout"].(time.Duration)
	if !short {
		total, _ = in.Object("timeout")["total"].(time.Duration)
	}
	return total
}
