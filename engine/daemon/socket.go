package daemon

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// maxSocketPath is how long the path of a socket may be, in bytes: what sun_path holds on Linux, less the zero at its end.
const maxSocketPath = 107

// SocketFile gives a file for the control socket of this process, in a folder that nobody else may enter: the service manager's, the
// user's, else a new one in the folder for temporary files. Remove takes away what was made for it.
func SocketFile(getenv func(string) string) (file string, remove func(), err error) {
	name := "snrun-" + rand.Text()[:8] + ".sock"
	given, _, _ := strings.Cut(getenv("RUNTIME_DIRECTORY"), ":")
	if filepath.IsAbs(given) && fits(given, name) {
		return filepath.Join(given, name), func() {}, nil
	}
	if user := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(user) {
		folder := filepath.Join(user, "snrun")
		if fits(folder, name) && private(folder) == nil {
			return filepath.Join(folder, name), func() {}, nil
		}
	}
	for _, base := range []string{os.TempDir(), "/tmp"} {
		folder, err := os.MkdirTemp(base, "snrun-") // mode 0700
		if err != nil {
			continue
		}
		if fits(folder, name) {
			return filepath.Join(folder, name), func() { os.RemoveAll(folder) }, nil
		}
		os.Remove(folder)
	}
	return "", nil, errors.New("no folder for the control socket: set XDG_RUNTIME_DIR to one with a short path")
}

// private makes a folder that nobody else may enter. One that somebody else has made, or made a link of, is an error: whoever has the
// folder could put a socket of his own in the place of ours.
func private(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	stat, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is no folder of this user", folder)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(folder, 0o700)
}

func fits(folder, name string) bool { return len(filepath.Join(folder, name)) <= maxSocketPath }

// beginning is how long a daemon may take from making its socket to answering there.
const beginning = 10 * time.Second

// listenUnix listens at a socket for its owner only. What daemons have left beside it that are gone is removed.
func listenUnix(file string) (net.Listener, error) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "snrun-*.sock"))
	for _, other := range left {
		if info, err := os.Stat(other); err != nil || time.Since(info.ModTime()) < beginning {
			continue
		}
		conn, err := net.Dial("unix", other)
		switch {
		case err == nil:
			conn.Close()
		case errors.Is(err, syscall.ECONNREFUSED):
			os.Remove(other)
		}
	}
	before := syscall.Umask(0o077) // or others might connect before it has its mode
	l, err := net.Listen("unix", file)
	syscall.Umask(before)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(file, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
