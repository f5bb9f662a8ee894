package httpsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/dunglas/httpsfv"
)

// The algorithms of digests (RFC 9530 §5) that are safe.
const (
	SHA256 = "sha-256"
	SHA512 = "sha-512"
)

func newHash(algorithm string) (hash.Hash, bool) {
	switch algorithm {
	case SHA256:
		return sha256.New(), true
	case SHA512:
		return sha512.New(), true
	}
	return nil, false
}

// ContentDigest reads content to its end and gives its Content-Digest (RFC 9530 §2).
func ContentDigest(algorithm string, content io.Reader) (string, error) {
	h, ok := newHash(algorithm)
	if !ok {
		return "", fmt.Errorf("there is no digest %s", algorithm)
	}
	if _, err := io.Copy(h, content); err != nil {
		return "", err
	}
	return member(algorithm, httpsfv.NewItem(h.Sum(nil)))
}

// CheckContentDigest says whether content is that of the lines of a Content-Digest. All digests of known algorithms must fit,
// and one must be there. It reads the content to its end.
func CheckContentDigest(lines []string, content io.Reader) error {
	d, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return fmt.Errorf("the header Content-Digest: %w", err)
	}
	hashes, all := map[string]hash.Hash{}, []io.Writer{}
	for _, name := range d.Names() {
		if h, ok := newHash(name); ok {
			hashes[name], all = h, append(all, h)
		}
	}
	if len(all) == 0 {
		return errors.New("the header Content-Digest has no digest of an algorithm that is known")
	}
	if _, err := io.Copy(io.MultiWriter(all...), content); err != nil {
		return err
	}
	for _, name := range d.Names() {
		h, ok := hashes[name]
		if !ok {
			continue
		}
		value, _ := d.Get(name)
		item, _ := value.(httpsfv.Item)
		want, _ := item.Value.([]byte)
		if subtle.ConstantTimeCompare(want, h.Sum(nil)) != 1 {
			return fmt.Errorf("the content does not have the digest %s that Content-Digest gives", name)
		}
	}
	return nil
}
