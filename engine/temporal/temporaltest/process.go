package temporaltest

import (
	"io"
	"os"
	"os/exec"
	"runtime"
)

// process is one that ends with ours, however that ends.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// launch starts a program that adds to a log.
func launch(log, program string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	dieWithUs(p.cmd)
	started := make(chan error)
	go func() {
		defer close(p.ended)
		defer out.Close()
		// The system has the process die with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
	}()
	return p, <-started
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.ended
}

// removeAfter has a folder removed when this process has ended: no test knows that it is the last. What it gives is to be held on to until
// then.
func removeAfter(folder string) (held io.Closer, err error) {
	cmd := exec.Command("sh", "-c", `trap "" INT TERM; read -r _; while [ -e "$1" ]; do rm -rf "$1" && break; sleep 0.1; done`, "sh", folder)
	if held, err = cmd.StdinPipe(); err != nil { // ends with us, or with nobody holding it
		return nil, err
	}
	return held, cmd.Start()
}
