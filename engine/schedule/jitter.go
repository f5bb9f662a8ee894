package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// jitter gives how much later than due a run of a job starts: at least 0 and less than most, the same each time it is asked.
func jitter(job string, due time.Time, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	sum := sha256.Sum256(strconv.AppendInt([]byte(job+"\x00"), due.Unix(), 10))
	return time.Duration(binary.BigEndian.Uint64(sum[:8]) % uint64(most))
}
