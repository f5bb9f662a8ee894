package history

import (
	"context"
	"database/sql"
	"time"
)

const (
	// The next values after one, how large each is, and whether nothing refers to it.
	valuesSQL = `SELECT blobs.id, octet_length(blobs.data), CASE WHEN ` + isLeft + ` THEN 1 ELSE 0 END
		FROM (SELECT id FROM blobs WHERE id > ? ORDER BY id LIMIT ?) n JOIN blobs ON blobs.id = n.id ORDER BY blobs.id`
	dropValue = `DELETE FROM blobs WHERE id = ? AND ` + isLeft + ` RETURNING id`
	isLeft    = `NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest)` + notShown
)

// valuesAtOnce is how many values are looked at in one query.
const valuesAtOnce = 1000

// leftValue is a large value that nothing refers to: what did was replaced by something else under its key.
type leftValue struct{ id, size int64 }

// leftValues are looked for among all large values, in their order.
type leftValues struct {
	after int64 // the last one that was looked at
	end   bool
	found []leftValue // and not dropped yet
}

// look looks at the next values. Whoever writes puts a value beside what refers to it in one transaction.
func (l *leftValues) look(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, valuesSQL, l.after, valuesAtOnce)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var v leftValue
		var left bool
		if err := rows.Scan(&v.id, &v.size, &left); err != nil {
			return err
		}
		if l.after = v.id; left {
			l.found = append(l.found, v)
		}
	}
	l.end = n < valuesAtOnce
	return rows.Err()
}

// values drops large values that nothing refers to any more.
func (p *Pruner) values() (more bool, err error) {
	if len(p.left.found) == 0 {
		if !p.left.end {
			err = p.left.look(context.Background(), p.store.read)
		}
		return err == nil && (len(p.left.found) > 0 || !p.left.end), err
	}
	done, count, size := 0, 0, int64(0)
	err = p.hold(func(deadline time.Time) error {
		done, count, size = 0, 0, 0
		for _, v := range p.left.found {
			dropped, err := p.conn.ints(rowOf(dropValue, v.id), new(int64)) // something may refer to it by now
			if err != nil {
				return err
			}
			if done++; dropped {
				count, size = count+1, size+v.size
			}
			if time.Now().After(deadline) {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	p.left.found = p.left.found[done:]
	p.done.Values, p.done.ValueBytes = p.done.Values+count, p.done.ValueBytes+size
	return true, nil
}

// values counts the large values that nothing refers to.
func (f *forecast) values(ctx context.Context) error {
	var l leftValues
	for !l.end {
		if err := l.look(ctx, f.store.read); err != nil {
			return err
		}
		for _, v := range l.found {
			f.done.Values, f.done.ValueBytes = f.done.Values+1, f.done.ValueBytes+v.size
			f.freed += v.size
		}
		l.found = l.found[:0]
	}
	return nil
}
