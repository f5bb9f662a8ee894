package schedule

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"snrun/engine"
)

// meanwhile is a book in which something happens while it is asked who goes on, and that counts how often it is asked.
type meanwhile struct {
	Book
	going         atomic.Pointer[func() error]
	goings, knows atomic.Int64
}

func (m *meanwhile) Going(job, run string) ([]string, error) {
	m.goings.Add(1)
	if happens := m.going.Load(); happens != nil {
		if err := (*happens)(); err != nil {
			return nil, err
		}
	}
	return m.Book.Going(job, run)
}

func (m *meanwhile) Know(now time.Time, plans []engine.Plan) ([]engine.Plan, error) {
	m.knows.Add(1)
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
		ends := func() error {
			go d.Drain(context.Background(), nil)
			synctest.Wait()
			return nil
		}
		book.going.Store(&ends)
		d.look()
		synctest.Wait()
		d.wantStory("sync", "10:00 queued")
		if n := len(d.told(RunStarted)); n != 0 || book.goings.Load() != 1 {
			t.Errorf("%d were started, and the book was asked %d times, want none and once", n, book.goings.Load())
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
		if n := book.knows.Load(); n != 1 {
			t.Errorf("the schedules were looked up %d times, want once: it was on time", n)
		}
		after(5 * time.Minute)
		askedWhileWoken := func() int64 {
			before := book.goings.Load()
			for range 50 {
				after(10 * time.Millisecond)
				d.Wake()
			}
			synctest.Wait()
			return book.goings.Load() - before
		}
		if n := askedWhileWoken(); book.goings.Load() == 0 || n > 1 {
			t.Errorf("it was asked %d times within half a second whether the job is free", n)
		}
		full := func() error { return errors.New("the disk is full") }
		book.going.Store(&full)
		after(10*time.Second + 500*time.Millisecond)
		if n := askedWhileWoken(); n > 1 {
			t.Errorf("it was asked %d times within half a second though it failed", n)
		}
		book.going.Store(nil)
	})
}
