package engine_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// elsewhere has the tests of this package walk their flows in one place and carry out all else in two others.
var elsewhere = flag.Bool("elsewhere", false, "run the jobs of the tests with their flows walked elsewhere")

// sameElsewhere are the tests that hold the same on both Hosts.
var sameElsewhere = []string{
	"TestFlow", "TestForeach", "TestKeys", "TestState", "TestSavedInside", "TestIntent", "TestRetry", "TestJitter", "TestTimeouts",
	"TestTimeIsUp", "TestGivingUp", "TestCancel", "TestConcurrency", "TestSecrets", "TestParallel", "TestParallelAtOnce",
	"TestRepeat", "TestRepeatEvery", "TestWait", "TestCancelWhileItWaits", "TestCall", "TestCallState", "TestCallCancelled",
	"TestCallMasks", "TestAroundBlocks", "TestRoundsAreItems", "TestPagesInDoubt", "TestPageIsTriedAgain",
	"TestPageThatStaysBroken", "TestThrottledWalk", "TestMistakesInARun", "TestFault", "TestGoingOn", "TestInDoubt", "TestCutOff",
	"TestSecretsAreKnownAgain", "TestSource", "TestOneAhead", "TestSourceGoesOn", "TestRedoIsInterrupted", "TestSourceIsBounded",
	"TestSecretInAKey", "TestTriedAgain", "TestMendedIsForgotten", "TestToleratedOnce", "TestSavedAtOnce", "TestChangedInputs",
	"TestLateBeforeItWasSent", "TestCancelWithoutCalls", "TestItemKeysThatLookAlike", "TestBlockRetryLimits", "TestStateAtTheEnd",
	"TestKeysAtTheEnd", "TestCancelBesideAFailure", "TestCancelWhileWaiting", "TestSavesAtOnce", "TestSavesAtOnceAtTheEnd",
	"TestErrorOnRecord", "TestNotSampledOutsideLoops", "TestChangedLoop",
}

// TestElsewhere holds that what the tests of this package say of jobs holds where the flow is walked in another process than its calls.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	if *elsewhere {
		t.Skip("it is so already")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), self, "-elsewhere", "-test.run=^("+strings.Join(sameElsewhere, "|")+")$").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// veiling is a Sealer whose sealed texts show nothing of the plain ones.
type veiling struct{}

func (veiling) Seal(plain []byte, about string) ([]byte, error) {
	sealed := slices.Concat([]byte(about), []byte{0}, plain)
	for i := range sealed {
		sealed[i] ^= 0x55
	}
	return sealed, nil
}

func (v veiling) Open(sealed []byte, about string) ([]byte, error) {
	plain, _ := v.Seal(sealed[len(about)+1:], "")
	if opened, _ := v.Seal(sealed[:len(about)], ""); string(opened[1:]) != about {
		return nil, errors.New("it was sealed as another's")
	}
	return plain[1:], nil
}
