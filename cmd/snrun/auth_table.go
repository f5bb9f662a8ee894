package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"snrun/auth"
	"snrun/auth/store"
	"snrun/history/review"
	"snrun/history/words"
)

// signInTable lists sign-ins, one a line. Columns in which there is nothing are left out; what errors say stands in the notes.
func signInTable(p page, list []review.SignIn) string {
	rows := [][]string{{"PROFILE", "SIGN-IN", "STATE", "ACCESS", "REFRESH", "LAST OK", "LAST ERROR", "USED BY"}}
	for _, r := range list {
		rows = append(rows, []string{
			words.Clean(r.Profile), cmp.Or(textOf(r.Grant), r.Type), r.Standing(), left(r.AccessExpires, p.now), refreshLeft(r, p.now),
			briefly(r.LastOK, p.now), briefly(r.LastErrorAt, p.now), usedBy(r.UsedBy),
		})
	}
	return p.table(withoutEmpty(rows), func(row, column int, text string) string {
		switch {
		case row == 0:
			return p.style.faint(text)
		case column == 2:
			return p.stateColour(list[row-1], text)
		}
		return text
	})
}

// withoutEmpty leaves out the columns that have only a title.
func withoutEmpty(rows [][]string) [][]string {
	kept := make([][]string, len(rows))
	for column := range rows[0] {
		if !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[column] != "" }) {
			continue
		}
		for i, row := range rows {
			kept[i] = append(kept[i], row[column])
		}
	}
	return kept
}

// usedBy names the first of the jobs that use something, and counts the others.
func usedBy(jobs []string) string {
	switch len(jobs) {
	case 0:
		return ""
	case 1:
		return words.Clean(jobs[0])
	}
	return fmt.Sprintf("%s +%d", words.Clean(jobs[0]), len(jobs)-1)
}

// briefly says how long ago something was, in a word.
func briefly(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	d := max(0, now.Sub(*t))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours())/24)
}

func (p page) stateColour(r review.SignIn, text string) string {
	switch auth.State(textOf(r.State)) {
	case auth.StateOK:
		return p.style.green(text)
	case auth.StateReauth, auth.StateConfig:
		return p.style.red(text)
	case auth.StateBackoff, auth.StateRefresh:
		return p.style.yellow(text)
	}
	if r.Problem != "" {
		return p.style.red(text)
	}
	return text
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// left is how long something still lives; "" for what there is not.
func left(end *time.Time, now time.Time) string {
	switch {
	case end == nil:
		return ""
	case !end.After(now):
		return "expired"
	}
	return lifetimeLeft(*end, now)
}

// refreshLeft is how long a refresh token still lives.
func refreshLeft(r review.SignIn, now time.Time) string {
	if r.Refresh && textOf(r.State) == string(auth.StateReauth) {
		return "dead"
	}
	if r.Refresh && r.RefreshExpires == nil {
		return "kept"
	}
	return left(r.RefreshExpires, now)
}

// statusNotes are what is wrong and what to do about it, below the table. What several profiles have in common is said once.
func (a *app) statusNotes(p *project, list []review.SignIn, now time.Time) string {
	var notes remarks
	for _, r := range list {
		notes.add(r.Profile, r.Wrong(now), textOf(r.Help))
	}
	text := notes.String()
	unkept := slices.ContainsFunc(list, func(r review.SignIn) bool { return r.Grant != nil && !r.Kept })
	untold := !slices.ContainsFunc(list, func(r review.SignIn) bool { return r.Problem == review.ProblemStore })
	if unkept && untold && p.store != nil {
		text += a.noKeyNote(p.store)
	}
	return text
}

// noKeyNote says why tokens are not kept, "" where they are or would be. It makes neither store nor key.
func (a *app) noKeyNote(place *store.Place) string {
	_, err := place.OpenExisting()
	var key *store.KeyError
	switch {
	case errors.As(err, &key):
		return "tokens are not kept: " + words.Clean(key.Error()) + "\n  " + indented(words.Clean(key.Help())) + "\n"
	case !errors.Is(err, fs.ErrNotExist) || a.getenv(store.KeyVariable) != "" || a.getenv(store.KeyFileVariable) != "":
		return "" // they are, or something else is wrong that stands in the table
	}
	why := "the keyring of this system is switched off"
	if place.Keyring != nil {
		_, err := place.Keyring.Get("snrun")
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return "" // the first login makes store and key
		}
		why = "the keyring of this system cannot be used: " + words.Clean(err.Error())
	}
	return fmt.Sprintf("tokens are not kept: neither %s nor %s is set, and %s\n  make a key: %s key new FILE, and paste the line that it prints\n",
		store.KeyVariable, store.KeyFileVariable, why, a.name)
}
