package history

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// flushEvery is how long a note may wait for a commit that takes it along.
const flushEvery = 250 * time.Millisecond

// Who leads a commit while many calls are under way waits a moment for others to share it: a commit costs by the pages
// that it touches more than by its rows. Who comes alone waits for nobody.
const (
	gather = 250 * time.Microsecond
	many   = 8 // calls under way beside one
)

// Notes wait until there are so many rows or bytes of them. Who adds the last one pays for the commit.
const (
	maxNotes     = 1000
	maxNoteBytes = 4 << 20
)

// writer puts rows into the database. A caller who comes alone commits in its own goroutine. Of those who come while a
// commit goes on, the first leads the next commit and takes all the others along.
type writer struct {
	conn     *conn
	hopeless func(error) bool // the database cannot be written at all

	mu     sync.Mutex
	queue  []*op
	notes  notes
	busy   bool // someone commits, or has been told to
	closed bool

	noted   chan struct{} // there are notes
	closing chan struct{}
	flusher sync.WaitGroup
}

// op is the rows of one caller: all of them are committed, or none.
type op struct {
	rows  []row
	flush bool // the notes go along
	crowd bool // others are likely to come at the same time
	err   error
	turn  chan bool // true: lead the next commit; false: done, see err
}

// startWriter starts a writer. It must be closed.
func startWriter(c *conn, p place) *writer {
	hopeless := func(err error) bool {
		what, _ := p.diagnose(err)
		return what != nil
	}
	w := &writer{conn: c, hopeless: hopeless, noted: make(chan struct{}, 1), closing: make(chan struct{})}
	w.flusher.Go(w.flushLoop)
	return w
}

// commit makes rows durable. Notes stay behind: those of many steps together touch hardly more pages than those of one.
func (w *writer) commit(crowd bool, rows ...row) error {
	return w.submit(&op{rows: rows, crowd: crowd}, false)
}

// flush makes rows durable, and the notes made before with them.
func (w *writer) flush(rows ...row) error { return w.submit(&op{rows: rows, flush: true}, false) }

// submit sees an op through. After the last one none is taken.
func (w *writer) submit(o *op, last bool) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.closed = last
	w.queue = append(w.queue, o)
	wait := w.busy
	if wait {
		o.turn = make(chan bool, 1)
	}
	w.busy = true
	w.mu.Unlock()

	if wait {
		if lead := <-o.turn; !lead {
			return o.err
		}
	}
	if o.crowd {
		time.Sleep(gather)
	}
	w.lead()
	return o.err
}

// lead commits all that is queued, then hands the lead to the first of those who came meanwhile.
func (w *writer) lead() {
	w.mu.Lock()
	batch, notes := w.queue, []row(nil)
	if slices.ContainsFunc(batch, func(o *op) bool { return o.flush }) {
		notes = w.notes.take()
	}
	w.queue = nil
	w.mu.Unlock()

	unwritten := w.write(batch, notes)
	for _, o := range batch[1:] {
		o.turn <- false
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes.putBack(unwritten)
	w.busy = len(w.queue) > 0
	if w.busy {
		w.queue[0].turn <- true
	}
}

// write commits a batch with the notes in one transaction, and gives the notes that are still to be written. When the
// database cannot be written at all everyone gets that error. Otherwise it is one of them whose rows do not fit: each is
// then tried alone.
func (w *writer) write(batch []*op, notes []row) (unwritten []row) {
	rows := notes
	for _, o := range batch {
		rows = append(rows, o.rows...)
	}
	err := w.conn.transact(rows)
	if err == nil {
		return nil
	}
	if w.hopeless(err) {
		share(batch, err)
		return notes
	}
	if err := w.conn.transact(notes); err != nil {
		share(batch, err)
		return nil
	}
	for _, o := range batch {
		o.err = w.conn.transact(o.rows)
	}
	return nil
}

// share gives all of a batch the same error.
func share(batch []*op, err error) {
	for _, o := range batch {
		o.err = err
	}
}

// note keeps a row for the next flush. It replaces a row with the same id that waits already.
func (w *writer) note(id int64, r row) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.notes.add(id, r)
	full := len(w.notes.rows) > maxNotes || w.notes.bytes > maxNoteBytes
	w.mu.Unlock()

	if full {
		return w.flush()
	}
	select {
	case w.noted <- struct{}{}:
	default: // the flusher knows
	}
	return nil
}

// flushLoop commits notes that nothing else took along in time.
func (w *writer) flushLoop() {
	for {
		select {
		case <-w.closing:
			return
		case <-w.noted:
		}
		select {
		case <-w.closing:
			return
		case <-time.After(flushEvery):
		}
		// Notes that cannot be written wait on: Finish at the latest tells of the error.
		_ = w.flush()
	}
}

// close writes the last notes, ends the flusher and closes the connection.
func (w *writer) close() error {
	err := w.submit(&op{flush: true}, true)
	if errors.Is(err, errClosed) {
		return nil
	}
	close(w.closing)
	w.flusher.Wait()
	return errors.Join(err, w.conn.close())
}

// notes are rows that wait for a commit, in the order of their ids' first coming.
type notes struct {
	rows  []row
	at    map[int64]int // where the row with an id stands
	bytes int           // of the rows, or a little more
}

// add puts a row at the end, or in the place of the row with the same id.
func (n *notes) add(id int64, r row) {
	n.bytes += r.bytes()
	if i, ok := n.at[id]; ok {
		n.rows[i] = r
		return
	}
	if n.at == nil {
		n.at = map[int64]int{}
	}
	n.at[id] = len(n.rows)
	n.rows = append(n.rows, r)
}

// take gives the rows and keeps none.
func (n *notes) take() []row {
	rows := n.rows
	*n = notes{}
	return rows
}

// putBack puts rows that were taken before those that came since. Later rows with the same id win, being written later.
func (n *notes) putBack(rows []row) {
	if len(rows) > 0 {
		*n = notes{rows: append(rows, n.rows...), bytes: n.bytes}
	}
}
