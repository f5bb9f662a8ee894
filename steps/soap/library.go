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
	"snrun/steps/soap/xsd"
	"snrun/steps/xml"
)

// library keeps the WSDLs that were compiled: each once in the life of the process, a file again when it or what it imports was
// changed.
type library struct {
	mu      sync.Mutex
	files   map[string]*volume
	fetched map[string]*subscription
	rooms   sync.Pool // of *xml.Room: most of what a call would take anew is the trees of its messages
}

// volume is a WSDL in a file. Whoever wants it first compiles it, and the others wait.
type volume struct {
	mu      sync.Mutex
	defs    *wsdl.Definitions
	err     error
	changed func() bool // nil before it was read
}

func newLibrary() *library {
	return &library{files: map[string]*volume{}, fetched: map[string]*subscription{}}
}

// isRemote says whether a WSDL is fetched: it is named by an address, or by a path below the base URL.
func isRemote(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "/")
}

// file gives the WSDL in a file of the project. A mistake in it is kept until one of its files is changed.
func (l *library) file(dir, name string) (*wsdl.Definitions, error) {
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		return nil, exchange.FileError(err)
	}
	v := entry(l, l.files, path)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.changed == nil || v.changed() {
		var src xsd.Source
		src, v.changed = wsdl.Watch(dir)
		v.defs, v.err = wsdl.Load(context.Background(), src, filepath.ToSlash(name))
	}
	return v.defs, v.err
}

// entry gives what stands under a key, new where nothing does.
func entry[T any](l *library, known map[string]*T, key string) *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known[key] == nil {
		known[key] = new(T)
	}
	return known[key]
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
	s := entry(l, l.fetched, in.Text("profile")+"\n"+address.String())
	return s.get(ctx, func() (*wsdl.Definitions, error) { return load(ctx, in, env, address) })
}

// load fetches a WSDL and all that it imports, in the time that the step gives to an attempt.
func load(ctx context.Context, in steps.Input, env *steps.Env, address *url.URL) (*wsdl.Definitions, error) {
	client, err := env.Clients.Client(ctx, in.Text("profile"))
	var signIn steps.SignInError
	switch {
	case errors.As(err, &signIn):
		return nil, err
	case err != nil:
		return nil, exchange.Hinted(exchange.BadInput("%w", err), "check the profile")
	}
	total := totalOf(in)
	late := fmt.Errorf("not done within %s: %w", total, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, total, late)
	defer cancel()
	return wsdl.Load(steps.WithLookup(ctx), wsdl.Web(client, address), address.String())
}

// totalOf is how long an attempt may take.
func totalOf(in steps.Input) time.Duration {
	total, short := in["timeout"].(time.Duration)
	if !short {
		total, _ = in.Object("timeout")["total"].(time.Duration)
	}
	if total <= 0 {
		return exchange.DefaultTotal
	}
	return total
}

// room lends memory for the trees of a call; giveBack takes it back, when nothing uses them any more.
func (l *library) room() *xml.Room {
	if room, ok := l.rooms.Get().(*xml.Room); ok {
		return room
	}
	return &xml.Room{}
}

func (l *library) giveBack(room *xml.Room) {
	room.Reset()
	l.rooms.Put(room)
}
