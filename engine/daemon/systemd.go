package daemon

import (
	"context"
	"fmt"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
)

// stateReady is what a service manager is told once the daemon fires.
const stateReady = sd.SdNotifyReady

// stateReloading is what it is told while the files are read again.
func stateReloading() string { return sd.SdNotifyReloading + "\n" + sd.SdNotifyMonotonicUsec() }

// stateStopping is what it is told when the daemon ends: to wait for as long as runs may go on.
func stateStopping(grace time.Duration) string {
	return sd.SdNotifyStopping + "\n" + fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (grace+2*windUp+30*time.Second).Microseconds())
}

// tell tells the service manager, where there is one, how it stands.
func (d *Daemon) tell(state string) {
	if _, err := sd.SdNotify(false, state); err != nil {
		d.Log.Warn("telling the service manager", "error", err)
	}
}

// watchdog tells the service manager that the scheduler is at work, as long as it is: else the daemon is started anew.
func (d *Daemon) watchdog(ctx context.Context) error {
	limit, err := sd.SdWatchdogEnabled(false)
	if err != nil || limit == 0 {
		return err
	}
	every := time.NewTicker(limit / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
		if since := d.hanging(); since > 0 {
			d.Log.Error("the scheduler hangs", "since", since.Round(time.Second))
			continue
		}
		d.tell(sd.SdNotifyWatchdog)
	}
}
