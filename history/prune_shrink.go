package history

import (
	"fmt"
	"time"

	"snrun/engine"
)

const (
	usedSQL     = `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`
	fileSizeSQL = `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	freeSQL     = `SELECT freelist_count, auto_vacuum FROM pragma_freelist_count, pragma_auto_vacuum`

	// noFoldSQL keeps commits from folding the log into the file: that is done apart from them, when nobody is kept from writing.
	noFoldSQL   = `PRAGMA wal_autocheckpoint = 0`
	vacuumSQL   = `PRAGMA incremental_vacuum(%d)`
	passiveSQL  = `PRAGMA wal_checkpoint(PASSIVE)`
	truncateSQL = `PRAGMA wal_checkpoint(TRUNCATE)`
	// brieflySQL has a checkpoint wait so long, in milliseconds, for whoever reads what it is about to write over: it keeps others from writing meanwhile.
	brieflySQL = `PRAGMA busy_timeout = 20`
)

// firstPages is how many pages are given back at first; later ones as many as there is time for.
const firstPages = 64

// foldAfter is after how many steps the log is folded into the file.
const foldAfter = 32

// incremental is the auto_vacuum of a file that gives pages back when it is told to.
const incremental = 2

// used gives how many bytes of the database hold something.
func (c *conn) used() (size int64, err error) {
	_, err = c.ints(row{sql: usedSQL}, &size)
	return size, err
}

// used gives how many bytes of the database hold something. A server knows that only of all rows together: they are counted once, and then
// what is deleted is taken off.
func (p *Pruner) used() (size int64, err error) {
	if !p.store.place.shared() {
		return p.conn.used()
	}
	if !p.counted {
		p.rows, err = p.conn.used()
		p.counted = err == nil
	}
	return p.rows, err
}

// weigh takes a run that is to be deleted off what is in use, where that was counted.
func (p *Pruner) weigh(run int64) error {
	if !p.counted {
		return nil
	}
	var size int64
	lo, hi := rowRange(run)
	_, err := p.conn.ints(rowOf(bytesSQL, lo, hi, run), &size)
	p.rows -= size
	return err
}

// makeRoom folds the log into the file, so that the log can begin anew: a full disk may have no room for a longer one.
func (p *Pruner) makeRoom() (more bool, err error) {
	p.unfolded = 0
	_, _ = p.conn.steps(passiveSQL) // it may fail on a full disk; what comes next may not
	return false, nil
}

// shrink gives back the pages at the end of the file that hold nothing, after what is in use was moved to the front.
func (p *Pruner) shrink() (more bool, err error) {
	var free, mode int64
	if _, err := p.conn.ints(row{sql: freeSQL}, &free, &mode); err != nil {
		return false, err
	}
	if p.done.Fixed = mode != incremental && free > 0; p.done.Fixed || free == 0 {
		return false, nil
	}
	start := time.Now()
	given, err := p.conn.steps(fmt.Sprintf(vacuumSQL, p.pages))
	p.held = time.Since(start)
	switch {
	case p.held > p.box && p.pages > 1:
		p.pages /= 2
	case p.held < p.box/2:
		p.pages *= 2
	}
	return given > 0, err
}

// truncate folds the log into the file, so that it shows on the disk what was given back. Whoever reads meanwhile may keep it from doing all
// of it: the next commits then do.
func (p *Pruner) truncate() (more bool, err error) {
	if err := p.conn.run(brieflySQL); err != nil {
		return false, err
	}
	for _, sql := range []string{passiveSQL, truncateSQL} {
		_, err := p.conn.steps(sql)
		if what, _ := p.store.place.diagnose(err); err != nil && what != engine.ErrLocked {
			return false, err
		}
	}
	return false, nil
}
