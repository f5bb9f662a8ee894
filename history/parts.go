package history

import "snrun/engine"

// part is a part of a loop that goes on, and what the ledger remembers of it: all of that is forgotten when it ends,
// without a look at the other parts, of which there may be very many.
type part struct {
	name   string
	first  int64 // the first row that the journal has, or had, at or below it
	around *part // nil where it is in no other
	inner  map[*part]bool
	calls  map[string]bool // the calls at and below it, but for those of inner; empty until calls are looked up
}

// has adds a part inside p.
func (p *part) has(inner *part) {
	if p.inner == nil {
		p.inner = map[*part]bool{}
	}
	p.inner[inner] = true
}

// remember remembers how far a call got, until its part ends.
func (l *ledger) remember(key string, c call) {
	l.calls[key] = c
	var of *part
	partsOf(key, func(name string) { of = l.parts[name] })
	if of == nil {
		return
	}
	if of.calls == nil {
		of.calls = map[string]bool{}
	}
	of.calls[key] = true
}

// rememberAll remembers how far calls got, and no others.
func (l *ledger) rememberAll(calls map[string]call) {
	l.calls = make(map[string]call, len(calls))
	for key, c := range calls {
		l.remember(key, c)
	}
}

// fold forgets the calls at and below a key.
func (l *ledger) fold(below string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.parts[below]; p != nil {
		l.end(p)
		return
	}
	for name, p := range l.parts { // a single item that was tried again: they are few
		if engine.Below(name, below) {
			l.end(p)
		}
	}
	for key := range l.calls {
		if engine.Below(key, below) {
			delete(l.calls, key)
		}
	}
}

// end forgets a part and all in it.
func (l *ledger) end(p *part) {
	delete(l.parts, p.name)
	if p.around != nil {
		delete(p.around.inner, p)
	}
	for key := range p.calls {
		delete(l.calls, key)
	}
	for inner := range p.inner {
		l.end(inner)
	}
}
