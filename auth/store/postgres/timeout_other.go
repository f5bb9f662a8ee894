//go:build !linux

package postgres

import "syscall"

// limitSilence does nothing where the kernel cannot be told: there only a connection without traffic is given up soon.
func limitSilence(string, string, syscall.RawConn) error { return nil }
