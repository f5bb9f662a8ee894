package storetest

import (
	"bytes"
	"testing"

	"snrun/auth/store"
)

// testOlderKeys holds that what was encrypted elsewhere opens after the store has another key, and another one after that, until the older
// keys are forgotten; and that none of them stays where it becomes the store's own again.
func testOlderKeys(t *testing.T, place Opener) {
	const about = "run 1"
	open(t, place)
	first := place(Key, nil)
	defer closing(t, first)
	sealed, err := first.Sealer().Seal([]byte("sesame"), about)
	if err != nil || sealed == nil {
		t.Fatal(err)
	}
	derived := [][]byte{derivedOf(t, first)}
	last := first
	for range 2 {
		key, text := newKey(t)
		if err := last.Rotate(key); err != nil {
			t.Fatal(err)
		}
		last = place(text, nil)
		defer closing(t, last)
		older, err := last.DeriveOlder("a purpose")
		if err != nil || len(older) != len(derived) {
			t.Fatalf("%d older keys, %v, want %d", len(older), err, len(derived))
		}
		for i := range older {
			if !bytes.Equal(older[i], derived[len(derived)-1-i]) {
				t.Errorf("the older key %d is another one", i)
			}
		}
		if got, err := last.Sealer().Open(sealed, about); err != nil || string(got) != "sesame" {
			t.Errorf("got %q, %v", got, err)
		}
		derived = append(derived, derivedOf(t, last))
	}
	back, err := store.ParseKey(Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := last.Rotate(back); err != nil {
		t.Fatal(err)
	}
	again := place(Key, nil)
	defer closing(t, again)
	if older, err := again.DeriveOlder("a purpose"); err != nil || len(older) != 2 || bytes.Equal(older[1], derived[0]) {
		t.Errorf("after the first key is back there are %d older ones, %v, want 2 others", len(older), err)
	}
	next, text := newKey(t)
	if err := again.Rotate(next); err != nil {
		t.Fatal(err)
	}
	forgetful := place(text, nil)
	defer closing(t, forgetful)
	if n, err := forgetful.ForgetOlder(); n != 3 || err != nil {
		t.Errorf("%d keys were forgotten, %v, want 3", n, err)
	}
	_, err = forgetful.Sealer().Open(sealed, about)
	wantKeyError(t, err, "encrypted under another key")
}

func derivedOf(t *testing.T, p *store.Place) []byte {
	t.Helper()
	key, err := p.Derive("a purpose")
	if err != nil {
		t.Fatal(err)
	}
	return key
}
