package review_test

import (
	"fmt"
	"testing"
	"time"

	"snrun/history/review"
)

func TestAilingOf(t *testing.T) {
	t.Parallel()
	ill := func(profile, wrong, help string, used ...string) review.SignIn {
		return review.SignIn{Profile: profile, Problem: "secret missing", LastError: &wrong, Help: &help, UsedBy: used}
	}
	list := []review.SignIn{
		ill("chat", "secret A is missing", "set A", "sync"), ill("erp", "secret B is missing", "set B"),
		ill("oncall", "profile oncall: secret A is missing", "set A", "report", "sync"), ill("sms", "secret A is missing", "ask Ann"),
	}
	got := ""
	for _, a := range review.AilingOf(list, time.Now()) {
		got += fmt.Sprintln(a.Profiles, a.Wrong, *a.First.Help, a.UsedBy)
	}
	want := "[chat oncall] secret A is missing set A [report sync]\n[erp] secret B is missing set B []\n[sms] secret A is missing ask Ann []\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
