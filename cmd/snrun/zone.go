package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"snrun/jobs"
)

// zoneLink is where systems say which time zone they are in.
const zoneLink = "/etc/localtime"

// localZone gives the time zone of this machine under the name by which others know it; time.Local where it has none.
func (a *app) localZone() *time.Location {
	name := strings.TrimPrefix(a.getenv("TZ"), ":")
	set := slices.ContainsFunc(a.environ, func(entry string) bool { return strings.HasPrefix(entry, "TZ=") })
	if !set {
		target, err := os.Readlink(zoneLink)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return time.Local // a file of its own
		}
		_, name, _ = strings.Cut(target, "zoneinfo/")
	}
	if name == "" {
		return time.UTC
	}
	zone, _, err := jobs.LoadZone(name)
	if err != nil {
		return time.Local
	}
	return zone
}
