package wsse

import (
	"slices"
	"strings"
	"time"
)

// receivedLifetime is how long an answer holds whose Timestamp does not say so.
const receivedLifetime = 5 * time.Minute

// timestamp checks the Timestamp of an answer, where it has one (WS-Security 1.1, section 10).
func (c *checking) timestamp(now time.Time) error {
	var list []*node
	for _, header := range c.security() {
		list = header.named(utility("Timestamp"))
	}
	switch {
	case len(list) == 0 && slices.Contains(c.parts, partTimestamp) && c.required:
		return notTrusted("have the server send one, or leave timestamp out of ws_security.verify.parts", "it has no Timestamp")
	case len(list) == 0:
		return nil
	case len(list) > 1:
		return notTrusted("", "it has %d Timestamps", len(list))
	}
	c.stamp = list[0]
	created, err := moment(c.stamp, "Created")
	if err != nil {
		return err
	}
	expires, err := moment(c.stamp, "Expires")
	if err != nil {
		return err
	}
	if created.IsZero() && expires.IsZero() && slices.Contains(c.parts, partTimestamp) {
		return notTrusted("have the server write Created and Expires", "its Timestamp has no time, so that it holds for ever")
	}
	if expires.IsZero() && !created.IsZero() {
		expires = created.Add(receivedLifetime)
	}
	switch {
	case created.After(now.Add(skew)):
		return notTrusted("compare the clocks of this machine and of the server", "it was made at %s, which is yet to come", created.Format(time.RFC3339))
	case !expires.IsZero() && !now.Add(-skew).Before(expires):
		return notTrusted("compare the clocks of this machine and of the server; if they agree, "+tampered, "it held until %s", expires.Format(time.RFC3339))
	}
	return nil
}

// moment reads one of the times of a Timestamp, the zero time where it is not there. One without a zone is in UTC.
func moment(stamp *node, name string) (time.Time, error) {
	list := stamp.named(utility(name))
	if len(list) == 0 {
		return time.Time{}, nil
	}
	if len(list) == 1 {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
			if at, err := time.Parse(layout, strings.TrimSpace(list[0].Text)); err == nil {
				return at.UTC(), nil
			}
		}
	}
	return time.Time{}, notTrusted("", "its Timestamp has no %s that can be read", name)
}
