package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// limitSilence has the kernel give a connection up whose other end does not acknowledge what was sent; else that takes a quarter of an
// hour.
func limitSilence(network, _ string, c syscall.RawConn) error {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil
	}
	var err error
	if cerr := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	}); cerr != nil {
		return cerr
	}
	return err
}
