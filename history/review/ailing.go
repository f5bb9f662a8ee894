package review

import (
	"slices"
	"time"
)

// Ailing is what is wrong with one sign-in, or with several in the same way: one secret that is missing may keep many from working.
type Ailing struct {
	Profiles []string
	First    SignIn // that of the first profile
	Wrong    string // "" for nothing
	UsedBy   []string
}

// AilingOf puts sign-ins together that want the same to be done, in the order of the first of each.
func AilingOf(list []SignIn, now time.Time) []Ailing {
	var all []Ailing
	for i := range list {
		s := list[i]
		wrong := s.Wrong(now)
		same := slices.IndexFunc(all, func(a Ailing) bool {
			return a.Wrong == wrong && a.First.Standing() == s.Standing() && textOf(a.First.Help) == textOf(s.Help)
		})
		if same < 0 {
			all = append(all, Ailing{First: s, Wrong: wrong})
			same = len(all) - 1
		}
		a := &all[same]
		a.Profiles = append(a.Profiles, s.Profile)
		a.UsedBy = append(a.UsedBy, s.UsedBy...)
	}
	for i := range all {
		slices.Sort(all[i].UsedBy)
		all[i].UsedBy = slices.Compact(all[i].UsedBy)
	}
	return all
}
