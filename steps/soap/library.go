package soap

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"snrun/steps"
	"snrun/steps/exchange"
	"snrun/steps/soap/wsdl"
	"snrun/steps/xml"
)

// library keeps the WSDLs that were compiled: each once in the life of the process, a file again when it was changed.
type library struct {
	mu    sync.Mutex
	known map[string]*volume
	rooms sync.Pool // of *xml.Room: most of what a call would take anew is the trees of its messages
}

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

// volume is one WSDL. Whoever wants it first compiles it, and the others wait.
type volume struct {
	mu      sync.Mutex
	defs    *wsdl.Definitions
	err     error
	changed time.Time // of the file when it was read
	size    int64
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
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.defs != nil {
		return v.defs, nil
	}
	client, err := env.Clients.Client(ctx, in.Text("profile"))
	if err != nil {
		return nil, err
	}
	v.defs, err = load(ctx, client, address)
	return v.defs, err
}

func load(ctx context.Context, client *http.Client, address *url.URL) (*wsdl.Definitions, error) {
	return wsdl.Load(steps.WithLookup(ctx), wsdl.Web(client, address), address.String())
}
