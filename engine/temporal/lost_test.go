package temporal

import (
	"context"
	"errors"
	"slices"
	"testing"

	"snrun/engine"
	"snrun/steps"
)

// dropping is a Holder that loses the first unit it holds as soon as lost is closed.
type dropping struct {
	lost  chan struct{}
	holds int
}

func (d *dropping) Hold(ctx context.Context, _, _ string) (context.Context, func(), error) {
	if d.holds++; d.holds > 1 {
		return ctx, func() {}, nil
	}
	held, end := context.WithCancelCause(ctx)
	go func() {
		<-d.lost
		end(errors.New("the lock was lost with the connection to the server"))
	}()
	return held, func() {}, nil
}

// TestLostHoldIsNoCancel holds that a unit whose lock is lost is carried out again: nobody has cancelled the run.
func TestLostHoldIsNoCancel(t *testing.T) {
	t.Parallel()
	d := &dropping{lost: make(chan struct{})}
	first := true
	c := counter{does: func(ctx context.Context, _ string) error {
		if !first {
			return nil
		}
		first = false
		close(d.lost)
		<-ctx.Done()
		return &steps.Error{Kind: steps.Network, Message: "cut off"}
	}}
	w := c.enlist(t, "steps: [{id: read, probe: {value: 1}}]")
	w.config.Holder = d
	if run := w.toTheEnd(); run.Status != engine.OK {
		t.Errorf("the run is %s: %+v", run.Status, run.Error)
	}
	if want := []string{"/read", "/read"}; !slices.Equal(c.calls, want) {
		t.Errorf("the calls were %q, want %q", c.calls, want)
	}
}
