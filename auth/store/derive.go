package store

// derivedSize is how many bytes a derived key has.
const derivedSize = 32

// Derive gives a key of 32 bytes for another purpose, derived (HKDF-SHA256, without a salt) from the key of the place: equal ones where the
// key and the purpose are. The error is a *KeyError where there is no key; it is fs.ErrNotExist where no variable gives one and no store
// was made whose key a keyring could have. Nothing is made, nor put into a keyring.
func (p *Place) Derive(purpose string) ([]byte, error) {
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	return key.derive(nil, purpose, derivedSize), nil
}

// DeriveOlder gives the keys for a purpose that Derive gave before the store of the place was rotated, the last one first; none where nothing
// was, or there is no store.
func (p *Place) DeriveOlder(purpose string) ([][]byte, error) {
	keys, err := p.older()
	var derived [][]byte
	for _, k := range keys {
		derived = append(derived, k.derive(nil, purpose, derivedSize))
	}
	return derived, err
}
