package jobs

import (
	"strings"
	"sync"
	"time"

	"snrun/steps"
)

// known is what the jobs of a project have in common, so that ten thousand of them do not each find it anew: a time zone alone takes
// 7 KB. The zero value knows nothing; it is safe for concurrent use.
type known struct {
	mu       sync.Mutex
	zones    map[string]*time.Location
	defaults map[defaultKey]any // of fields, in the forms of their types
}

// defaultKey is what defaults are kept under.
type defaultKey struct {
	name, text string
	form       steps.Form
}

// zone does what LoadZone does.
func (k *known) zone(name string) (zone *time.Location, hint string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if zone := k.zones[name]; zone != nil {
		return zone, "", nil
	}
	if zone, hint, err = LoadZone(name); err != nil {
		return nil, hint, err
	}
	if k.zones == nil {
		k.zones = map[string]*time.Location{}
	}
	k.zones[strings.Clone(name)] = zone // without the rest of its file
	return zone, "", nil
}

// defaultOf gives the default of a field, which read gives the first time. Who gets it does not change it.
func (k *known) defaultOf(key defaultKey, read func() any) any {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, known := k.defaults[key]
	if known {
		return v
	}
	if k.defaults == nil {
		k.defaults = map[defaultKey]any{}
	}
	v = read()
	k.defaults[key] = v
	return v
}
