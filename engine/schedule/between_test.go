package schedule

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

// meanwhile is a book in which something happens while it is asked who goes on, and that counts how often it is asked.
type meanwhile struct {
	Book
	going         func() error
	goings, knows int
}

func (m *meanwhile) Going(job, run string) ([]string, error) {
	if m.goings++; m.going != nil {
		if err := m.going(); err != nil {
			return nil, err
		}
	}
	return m.Book.Going(job, run)
}

func (m *meanwhile) Know(now time.Time, plans []engine.Plan) ([]engine.Plan, error) {
	m.knows++
	return m.Book.Know(now, plans)
}

// newMeanwhile starts a daemon with such a book.
func newMeanwhile(t *testing.T, o options, list ...Job) (*daemon, *meanwhile) {
	t.Helper()
	m := &meanwhile{}
	o.book = func(b Book) Book { m.Book = b; return m }
	return newDaemon(t, newFile(t), o, list...), m
}

// TestDrainWhileARunIsAboutToStart has the daemon begin to end between the look at the book and the start of a run.
func TestDrainWhileARunIsAboutToStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, book := newMeanwhile(t, options{idle: true}, job(t, "sync", "*/10 * * * *"))
		defer d.end()
		time.Sleep(10 * time.Minute)
		book.going = func() error {
			go d.Drain(context.Background(), nil)
			synctest.Wait()
			return nil
		}
		d.look()
		synctest.Wait()
		d.wantStory("sync", "10:00 queued")
		if n := len(d.told(RunStarted)); n != 0 || book.goings != 1 {
			t.Errorf("%d were started, and the book was asked %d times, want none and once", n, book.goings)
		}
	})
}

// TestTheBookIsLeftAlone holds how often it is asked: not more where the daemon is woken over and over, nor each second.
func TestTheBookIsLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		never := func(d *daemon, ctx context.Context, _ engine.QueuedRun) { <-ctx.Done() }
		d, book := newMeanwhile(t, options{start: never}, job(t, "often", "@every 1s"), job(t, "sync", "10 * * * *", overlap("queue")))
		defer func() {
			d.stop()
			at, cancel := context.WithCancel(context.Background())
			cancel()
			d.Drain(at, nil)
			d.end()
		}()
		beginByHand(t, d.other(), "byhand", "sync")
		after(5*time.Minute + 100*time.Millisecond)
		if book.knows != 1 {
			t.Errorf("the schedules were looked up %d times, want once: it was on time", book.knows)
		}
		after(5 * time.Minute)
		askedWhileWoken := func() int {
			before := book.goings
			for range 50 {
				after(10 * time.Millisecond)
				d.Wake()
			}
			synctest.Wait()
			return book.goings - before
		}
		if n := askedWhileWoken(); book.goings == 0 || n > 1 {
			t.Errorf("it was asked %d times within half a second whether the job is free", n)
		}
		book.going = func() error { return errors.New("the disk is full") }
		after(10*time.Second + 500*time.Millisecond)
		if n := askedWhileWoken(); n > 1 {
			t.Errorf("it was asked %d times within half a second though it failed", n)
		}
		book.going = nil
	})
}
