package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snrun/auth/store"
)

// lastTry is how long a keyring that is closed waits for a store to write to.
const lastTry = time.Second

// read gives the record as it stands, after what could not be written before has been. Where that cannot be written yet it stands
// all the same, unless it has a refresh token that would be lost with this process.
func (s *tokenSource) read(v vault) (*record, error) {
	late := s.late()
	r, err := v.load()
	if late != nil && (err != nil || late.follows(r)) {
		failed := overwrite(v, late)
		if failed != nil && late.rotated {
			return nil, fmt.Errorf("the new refresh token is not kept yet: %w", failed)
		}
		if failed != nil {
			return late, nil
		}
		r, err, late.rotated = late, nil, false
	}
	if err != nil {
		return nil, err
	}
	s.keepLate(nil)
	s.settle(r)
	return r, nil
}

// late is what came of the last request and could not be written, nil where all was.
func (s *tokenSource) late() *record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved
}

func (s *tokenSource) keepLate(r *record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved = r
}

// saveLate tries for the last time to write what could not be written.
func (s *tokenSource) saveLate() {
	if s.late() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastTry)
	defer cancel()
	v, err := s.open(toUse)
	if err != nil {
		return
	}
	_, release, err := v.lock(ctx)
	if err != nil {
		return
	}
	defer release()
	_, _ = s.read(v) // that it could not be written was told before
}

// overwrite commits a record that is newer than whatever is in the vault.
func overwrite(v vault, r *record) error {
	err := v.commit(r)
	if !errors.Is(err, store.ErrConflict) {
		return err
	}
	there, err := v.load()
	if err != nil {
		return err
	}
	r.generation = there.generation
	return v.commit(r)
}
