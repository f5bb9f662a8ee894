package history

import (
	"strings"
	"testing"
)

// TestInterruptedRunSaysWhoGoesOn holds that the record of a run whose process is gone tells whether somebody goes on with it by itself.
func TestInterruptedRunSaysWhoGoesOn(t *testing.T) {
	t.Parallel()
	if hint := interrupted(orphan{run: "r"}, nil).Hint; hint != "go on with it: snrun resume r" {
		t.Errorf("a person's run: %q", hint)
	}
	if hint := interrupted(orphan{run: "r", daemon: true}, nil).Hint; !strings.HasPrefix(hint, "the next snrun serve goes on with it by itself") || !strings.HasSuffix(hint, "at once: snrun resume r") {
		t.Errorf("a daemon's run: %q", hint)
	}
	if hint := interrupted(orphan{run: "r", daemon: true}, []string{"/a"}).Hint; !strings.HasPrefix(hint, "look in the other system") {
		t.Errorf("a daemon's run in doubt: %q", hint)
	}
}
