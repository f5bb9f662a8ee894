package history

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-sqlite3"

	"snrun/engine"
	"snrun/history/phrases"
)

// fewestWords and mostWords bound how many words come into the index at once.
const (
	fewestWords = 500
	mostWords   = 50_000
)

// write brings the next runs into the index, as many as there is time for, in one transaction.
func (x *Indexer) write() error {
	var stands bool
	var rest []entry
	var upto int64
	err := x.atomically(func() (err error) {
		if stands, err = x.stands(); err != nil || !stands {
			return err
		}
		if rest, upto, err = x.include(); err != nil || upto == x.upto {
			return err
		}
		return x.conn.exec(rowOf(advanceSQL, upto, x.made))
	})
	if err != nil {
		return err
	}
	if x.waiting = rest; stands {
		x.upto = upto
	}
	x.pace()
	return nil
}

// mergeAfter is after how many steps the index is put in order; as many pieces are put together then.
const mergeAfter = 4

// fewestPages and mostPages bound how many pages of the index are put in order at once.
const (
	fewestPages = 4
	mostPages   = 256
)

// merge puts a few pages of the index in order.
func (x *Indexer) merge() error {
	var before, after int64
	err := x.atomically(func() error {
		if _, err := x.conn.ints(row{sql: changesSQL}, &before); err != nil {
			return err
		}
		if err := x.conn.exec(rowOf(fmt.Sprintf(mergeSQL, x.made), x.pages)); err != nil {
			return err
		}
		_, err := x.conn.ints(row{sql: changesSQL}, &after)
		return err
	})
	switch {
	case err != nil:
		return err
	case after-before < 2: // as FTS5 says that there was nothing to do
		x.unmerged = 0
	case x.held > 2*longest:
		x.pages = max(fewestPages, x.pages/2)
	case x.held < longest/2:
		x.pages = min(mostPages, 2*x.pages)
	}
	return nil
}

// stands says whether the index is as far as it was, and else takes note of how far it is: another Indexer is at work.
func (x *Indexer) stands() (same bool, err error) {
	var made, upto int64
	if _, err := x.conn.ints(row{sql: standingSQL}, &made, &upto); err != nil {
		return false, err
	}
	same = made == x.made && upto == x.upto
	x.made, x.upto = made, upto
	return same, nil
}

// include brings runs into the index. It gives those for which there was no time, and how far the index is then.
func (x *Indexer) include() (rest []entry, upto int64, err error) {
	upto = x.upto
	words := 0
	for i, e := range x.waiting {
		if words >= x.words {
			return x.waiting[i:], upto, nil
		}
		n, all, err := x.includeRun(&e, x.words-words)
		if err != nil {
			return nil, 0, err
		}
		if !all {
			rest = slices.Clone(x.waiting[i:])
			rest[0] = e
			return rest, upto, nil
		}
		if words += n; !e.again {
			upto = e.number
		}
	}
	return nil, upto, nil
}

// includeRun brings a run into the index, or as much of it as there is room for. One that is not as it was when it was read is excused.
func (x *Indexer) includeRun(e *entry, room int) (words int, all bool, err error) {
	same, gone, err := x.sameRun(e)
	switch {
	case err != nil:
		return 0, false, err
	case gone && e.again:
		return 0, true, errors.Join(x.remove(e.number), x.conn.exec(rowOf(includeSQL, e.number)))
	case gone || !same && e.again:
		return 0, true, nil
	case !same:
		return 0, true, x.conn.exec(rowOf(excuseSQL, e.number))
	case e.again && e.part == 0:
		if err := x.remove(e.number); err != nil {
			return 0, false, err
		}
	}
	for len(e.documents) > 0 {
		if words >= room {
			return words, false, nil
		}
		if err := x.conn.exec(rowOf(fmt.Sprintf(documentSQL, x.made), e.number<<partShift|e.part, e.documents[0])); err != nil {
			return 0, false, err
		}
		words += strings.Count(e.documents[0], " ")
		e.documents, e.part = e.documents[1:], e.part+1
	}
	if e.again {
		err = x.conn.exec(rowOf(includeSQL, e.number))
	}
	return words, true, err
}

// sameRun says whether a run has ended, and stands as it did when it was read.
func (x *Indexer) sameRun(e *entry) (same, gone bool, err error) {
	gone = true
	err = x.conn.each(rowOf(sameSQL, e.number), 2, func(v []driver.Value) error {
		gone = false
		same = e.run != nil && !isGoingOn(e.run) && int64(e.run.Attempt) == numberOf(v[0]) && string(e.run.Status) == textOf(v[1])
		return nil
	})
	return same, gone, err
}

// remove takes a run out of the index.
func (x *Indexer) remove(number int64) error {
	return x.conn.exec(rowOf(fmt.Sprintf(removeSQL, x.made), number<<partShift, (number+1)<<partShift-1))
}

// pace fits how many words come in at once to how long that takes.
func (x *Indexer) pace() {
	switch {
	case x.held > 2*longest:
		x.words = max(fewestWords, x.words/2)
	case x.held < longest/2:
		x.words = min(mostWords, x.words+x.words/4)
	}
}

// documents are the words of runs, by their numbers: of each one or several documents.
type documents map[int64]*document

// document is what the index is told of a run.
type document struct {
	ended []string
	words map[string]bool // of the last one
	text  strings.Builder // the same, with spaces between
}

// add takes in a text. It is in one document as a whole, as what is wanted stands in one text.
func (d documents) add(run int64, p passage) {
	doc := d[run]
	if doc == nil {
		doc = &document{words: map[string]bool{}}
		d[run] = doc
	}
	if len(doc.words) >= documentWords {
		doc.end()
	}
	phrases.EachWord(p.text, doc.add)
}

func (d *document) add(word string) {
	if word = indexed(word); !d.words[word] {
		d.words[strings.Clone(word)] = true
		d.text.WriteString(word + " ")
	}
}

func (d *document) end() {
	if d.text.Len() > 0 {
		d.ended = append(d.ended, d.text.String())
	}
	d.words = map[string]bool{}
	d.text.Reset()
}

// of gives the documents of a run.
func (d documents) of(run int64) []string {
	doc := d[run]
	if doc == nil {
		return nil
	}
	doc.end()
	return doc.ended
}

// spoil has the index made anew, where an error tells that it is damaged.
func (s *Store) spoil(err error) {
	e, ok := sqliteError(err)
	what, _ := s.place.diagnose(err)
	if !ok || e.Code == sqlite3.ErrInterrupt || what != nil && what != engine.ErrDamaged {
		return
	}
	if s.writer != nil {
		_ = s.writer.commit(false, row{sql: spoilSQL})
		return
	}
	_ = s.commitOnce([]row{{sql: spoilSQL}}) // else searches read all runs, as they did
}
