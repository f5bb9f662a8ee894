//go:build unix

package auth

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// setApart gives a command a session of its own. So all that it starts can be ended with it, and it has no terminal: one that
// asks for a password there fails at once, where it would otherwise be stopped until its time is over.
func setApart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
