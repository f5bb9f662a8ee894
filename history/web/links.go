package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

const (
	linkLife = 10 * time.Minute
	maxLinks = 64 // that are not used yet; a further one takes the oldest one's place
)

// Links are ways in for those who are trusted already, since they may use the daemon's socket or have started it: addresses that let
// in whoever comes first, once, within ten minutes. The zero value has none. It is safe for concurrent use.
type Links struct {
	mu   sync.Mutex
	keys map[digest]link
}

// link is a way in that nobody has used yet.
type link struct {
	visitor visitor
	until   time.Time
}

// New gives the path, below Site.Address, that lets somebody in as who, to do what the role may. It is a secret until it is used.
func (l *Links) New(role Role, who string) (path string) {
	key, now := newKey(), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil {
		l.keys = map[digest]link{}
	}
	var oldest digest
	for d, k := range l.keys {
		if !now.Before(k.until) {
			delete(l.keys, d)
		} else if first, is := l.keys[oldest]; !is || k.until.Before(first.until) {
			oldest = d
		}
	}
	if len(l.keys) >= maxLinks {
		delete(l.keys, oldest)
	}
	l.keys[digestOf(key)] = link{visitor{Name: who, Role: role}, now.Add(linkLife)}
	return enterPath + "?key=" + key
}

// take uses a key up. It gives whom it lets in.
func (l *Links) take(key string) (v visitor, fits bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := digestOf(key)
	k, fits := l.keys[d]
	delete(l.keys, d)
	return k.visitor, fits && time.Now().Before(k.until)
}

// digest stands for a key where it is kept. Looking a digest up takes a time that tells of the digest alone, out of which nobody can make the
// key; and whoever reads this process's memory afterwards finds none that would let him in.
type digest [sha256.Size]byte

func digestOf(key string) digest { return sha256.Sum256([]byte(key)) }

// newKey gives a key of 256 random bits, as it stands in an address or a cookie.
func newKey() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
