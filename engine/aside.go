package engine

import (
	"slices"
	"strings"
	"sync"
	"time"

	"snrun/auth"
	"snrun/engine/flow"
	"snrun/jobs"
	"snrun/steps"
)

// What happens in a run that is carried out elsewhere goes on record with the row of its step: whoever follows the run reads it there. There
// may be very much of it: a row has the latest, and how many there were.
const (
	ShownAsides  = 20  // a row has at most so many
	handedAsides = 5   // what a unit gives has at most so many
	asideText    = 300 // characters of a text
	// itemAsides is how far apart those of the items of one loop are.
	itemAsides = time.Second
)

// Asides are what people were told while a step went on, the latest ones.
type Asides struct {
	Told int // in all
	List []flow.Aside
}

// And gives them with one more. It leaves them as they are, and theirs to whoever else has them.
func (a Asides) And(one flow.Aside) Asides {
	from := max(0, len(a.List)+1-ShownAsides)
	return Asides{Told: a.Told + 1, List: append(slices.Clip(a.List[from:]), one)}
}

// tooSoon says whether one more of a loop's items comes too soon after the one before.
func (a Asides) tooSoon(one flow.Aside) bool {
	return len(a.List) > 0 && one.At.Sub(a.List[len(a.List)-1].At) < itemAsides
}

// AndOf gives them with one more that is about something below the step with a key. Of those in items some are enough.
func (a Asides) AndOf(key string, one flow.Aside) Asides {
	if one.Key == key {
		one.Key = ""
	}
	if strings.Contains(one.Key, "[") && one.Type != TokenFetched && a.tooSoon(one) {
		return a
	}
	return a.And(one)
}

// AsideLine is the key of the step with whose row it is told what happens to a call: the outermost loop around it, else its step.
func AsideLine(key string) string {
	key, _, _ = strings.Cut(key, "[")
	return withoutTry(withoutPage(withoutTry(key)))
}

// unsaid are asides that no row here takes along: they go to where the flow is walked.
type unsaid struct {
	mu   sync.Mutex
	list []flow.Aside
}

func (u *unsaid) add(a flow.Aside) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.list) == handedAsides { // of sign-ins there are few
		first := max(0, slices.IndexFunc(u.list, func(a flow.Aside) bool { return a.Type != TokenFetched }))
		u.list = slices.Delete(u.list, first, first+1)
	}
	u.list = append(u.list, a)
}

func (u *unsaid) all() []flow.Aside {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.list
}

// aside has the history tell of an event, where nobody watches this process. At once where due, else with the next row of the step.
func (h *host) aside(e Event, due bool) {
	if h.elsewhere {
		h.tellAside(AsideOf(e, time.Now()), due)
	}
}

func (h *host) tellAside(a flow.Aside, due bool) {
	row, here, told := h.rows.aside(AsideLine(a.Key), a)
	switch {
	case !here:
		h.unsaid.add(a)
	case told && due:
		_ = h.recorded(h.Journal.Note(h.run.ID, row))
	}
}

// AsideOf is an event as an aside. Its texts are cut.
func AsideOf(e Event, at time.Time) flow.Aside {
	a := flow.Aside{
		Type: e.Type, At: at, Key: e.Key, Try: e.Attempt, Wait: e.Wait, Status: string(e.Status), Profile: e.Profile, Message: cutText(e.Message),
	}
	if e.Error != nil {
		a.Error = &steps.Error{
			Kind: e.Error.Kind, Message: cutText(e.Error.Message), Hint: cutText(e.Error.Hint), Step: e.Error.Step, Status: e.Error.Status,
			Attempts: e.Error.Attempts,
		}
	}
	return a
}

func cutText(text string) string {
	runes := []rune(text)
	if len(runes) <= asideText {
		return text
	}
	return string(runes[:asideText]) + "…"
}

// aside adds one to the row of a step under way here. Told is false where enough of its like are.
func (o *openRows) aside(key string, a flow.Aside) (row StepRun, here, told bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row, here = o.rows[key]
	if !here {
		return row, false, false
	}
	before := row.Asides.Told
	row.Asides = row.Asides.AndOf(key, a)
	o.rows[key] = row
	return row, true, row.Asides.Told > before
}

// asides gives those of a step under way here.
func (o *openRows) asides(key string) Asides {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rows[key].Asides
}

// SignedIn is the event of what happened to a token; false where there is nothing to tell.
func SignedIn(e auth.TokenEvent, now time.Time) (Event, bool) {
	if e.What == auth.TokenRejected {
		return Event{}, false // the next one is told of
	}
	message := e.Grant
	switch e.What {
	case auth.TokenRefreshed:
		message += " again"
	case auth.TokenKept:
		message += ", kept"
	}
	if !e.Expires.IsZero() {
		message += ", token lives " + jobs.FormatDuration(e.Expires.Sub(now).Round(time.Second))
	}
	return Event{Type: TokenFetched, Time: now, Profile: e.Profile, Message: message}, true
}

// signedIn has the history tell of a sign-in that a call waited for.
func (h *host) signedIn(c flow.Call, token auth.TokenEvent) {
	e, tells := SignedIn(token, time.Now())
	if !tells {
		return
	}
	e.Profile, e.Message, e.Key = h.Redactor.Text(e.Profile), h.Redactor.Text(e.Message), c.StepKey
	a := AsideOf(e, time.Now())
	a.Until = token.Expires
	h.tellAside(a, true)
}
