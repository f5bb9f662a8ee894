package history

import (
	"context"
	"time"
)

// bytesSQL is about how much room a run takes: its row ?3, and its rows ?1 to ?2 with the blobs that they name.
const bytesSQL = `SELECT 250
	+ (SELECT coalesce(octet_length(inputs), 0) + coalesce(octet_length(output), 0) + coalesce(octet_length(error), 0) FROM runs WHERE id = ?3)
	+ (SELECT coalesce(sum(70 + octet_length(key) + octet_length(step) + octet_length(name) + octet_length(message)
		+ coalesce(octet_length(error), 0) + coalesce(octet_length(counts), 0)), 0) FROM steps WHERE id BETWEEN ?1 AND ?2)
	+ (SELECT coalesce(sum(40 + octet_length(step) + octet_length(key) + coalesce(octet_length(error), 0)), 0)
		FROM attempts WHERE id BETWEEN ?1 AND ?2)
	+ (SELECT coalesce(sum(90 + octet_length(step) + octet_length(url) + octet_length(error) + coalesce(octet_length(request_header), 0)
		+ coalesce(octet_length(response_header), 0) + coalesce(octet_length(request_body), 0) + coalesce(octet_length(response_body), 0)
		+ coalesce((SELECT octet_length(data) FROM blobs WHERE digest = request_digest), 0)
		+ coalesce((SELECT octet_length(data) FROM blobs WHERE digest = response_digest), 0)), 0) FROM exchanges NOT INDEXED WHERE id BETWEEN ?1 AND ?2)
	+ (SELECT coalesce(sum(40 + octet_length(key) + coalesce(octet_length(result), 0) + coalesce(size, 0)), 0)
		FROM journal NOT INDEXED WHERE id BETWEEN ?1 AND ?2)`

// forecast is what Prune would do.
type forecast struct {
	planner
	done  Pruned
	freed int64
	seen  map[int64]bool // the runs that would go for their age or number; nil where nobody asks
}

// WouldPrune tells what Prune would delete, as of now. How large things are it estimates: a body that several runs share
// counts for each of them.
func (s *Store) WouldPrune(ctx context.Context, policy Policy, now time.Time) (Pruned, error) {
	if err := s.settle(); err != nil {
		return Pruned{}, err
	}
	f := forecast{planner: planner{store: s, policy: policy, now: now}}
	if policy.Keep.Size > 0 {
		f.seen = map[int64]bool{}
	}
	var err error
	if f.done.Before, err = s.fileSize(); err == nil {
		err = f.byRule(ctx)
	}
	if err == nil {
		err = f.values(ctx)
	}
	if err == nil && policy.Keep.Size > 0 {
		err = f.bySize(ctx)
	}
	f.done.After = max(f.done.Before-f.freed, 0)
	return f.done, s.place.fault("look at old runs", err)
}

// byRule counts the runs that would go for their age or their number.
func (f *forecast) byRule(ctx context.Context) error {
	if err := f.lookUp(); err != nil {
		return err
	}
	for _, job := range f.owned {
		const all = -1
		list, err := f.doomedOf(job, all)
		if err != nil {
			return err
		}
		for _, d := range list {
			if err := f.add(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// bySize counts the runs that would go beyond those, until the database would be small enough.
func (f *forecast) bySize(ctx context.Context) error {
	var used int64
	if err := f.store.read.QueryRow(usedSQL).Scan(&used); err != nil {
		return err
	}
	for used-f.freed > f.policy.Keep.Size {
		list, err := f.oldest(few)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			f.done.Over = used - f.freed - f.policy.Keep.Size
			return nil
		}
		for _, d := range list {
			if f.seen[d.number] || used-f.freed <= f.policy.Keep.Size {
				continue
			}
			if err := f.add(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// add counts a run.
func (f *forecast) add(ctx context.Context, d doomed) error {
	var size int64
	lo, hi := rowRange(d.number)
	if err := f.store.read.QueryRowContext(ctx, bytesSQL, lo, hi, d.number).Scan(&size); err != nil {
		return err
	}
	if f.seen != nil {
		f.seen[d.number] = true
	}
	f.freed += size
	f.done.add(d).Bytes += size
	return nil
}
