package flow

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"snrun/jobs"
	"snrun/steps"
)

// rounds is one repeat under way.
type rounds struct {
	*jobs.Repeat
	step  *jobs.Step
	note  Note
	most  int
	pause time.Duration
	done  int            // rounds
	carry map[string]any // into the next one
	saved saves          // in those that are done
	stays bool           // what is kept of a round: something in it can be tried again
}

// repeat runs steps in rounds.
func (f *frame) repeat(s *jobs.Step, b *jobs.Repeat, note Note) (result, error) {
	l, err := f.newRounds(s, b, note)
	if err != nil {
		return result{}, err
	}
	for {
		out, over, err := f.round(l)
		if err != nil || over {
			return result{output: out, about: plural(l.done, "round")}, err
		}
	}
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// newRounds starts where the rounds of a run before ended, else with the first.
func (f *frame) newRounds(s *jobs.Step, b *jobs.Repeat, note Note) (*rounds, error) {
	l := &rounds{Repeat: b, step: s, note: note, carry: map[string]any{}, saved: saves{}}
	var err error
	if l.most, l.pause, err = f.limits(s, b, note.Key); err != nil {
		return nil, err
	}
	kept, err := f.h.Kept(note.Key)
	if err != nil {
		return nil, err
	}
	if l.restore(kept.Progress) {
		f.remember(l.saved)
		return l, nil
	}
	for _, c := range b.Carry {
		if l.carry[c.Name], err = f.value(slot{s, slotInitial + ":" + c.Name, note.Key}, c.Initial); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// round runs the steps once, and makes ready for the next time. It says whether that was the last.
func (f *frame) round(l *rounds) (out any, over bool, err error) {
	key := l.key(l.done + 1)
	if l.done > 0 && l.pause > 0 {
		if err := f.sleep(Wait{Key: key + "@wait", For: l.pause, Cleanup: f.cleanup}); err != nil {
			return nil, false, err
		}
	}
	c := f.child(f.h, key[len(f.path):])
	c.item, c.saved, c.open = true, saves{}, &opened{}
	l.bind(c)
	out, err = c.block(l.Steps)
	f.remember(c.saved)
	l.saved = l.saved.and(c.saved)
	l.done++
	f.open.add(c.open.calls...)
	l.stays = l.stays || len(c.open.calls) > 0
	if err != nil {
		return nil, false, err
	}
	if over, err = l.over(c, key); err != nil || over {
		return out, over, err
	}
	if l.done >= l.most {
		return nil, false, f.tooMany(l, key, out)
	}
	if l.carry, err = l.next(c, key); err != nil {
		return nil, false, err
	}
	if l.stays {
		return out, false, nil
	}
	return out, false, f.h.Fold(Fold{Key: l.note.Key, Below: key, Progress: l.progress(), Cleanup: f.cleanup})
}

// key is that of a round, counted from 1.
func (l *rounds) key(n int) string { return l.note.Key + "[" + strconv.Itoa(n) + "]" }

// bind gives the names of a round their values.
func (l *rounds) bind(c *frame) {
	for name, v := range l.carry {
		c.names[name] = v
	}
	if l.Index != "" {
		c.names[l.Index] = l.done
	}
}

// over says whether a round was the last.
func (l *rounds) over(c *frame, key string) (bool, error) {
	if l.Until == nil {
		return l.done >= l.most, nil
	}
	return c.whether(slot{l.step, slotUntil, key}, l.Until)
}

// next computes what the next round is given, from what this one was given and found.
func (l *rounds) next(c *frame, key string) (map[string]any, error) {
	carry := make(map[string]any, len(l.carry))
	for _, v := range l.Carry {
		var err error
		if carry[v.Name], err = c.value(slot{l.step, slotNext + ":" + v.Name, key}, v.Next); err != nil {
			return nil, err
		}
	}
	return carry, nil
}

// tooMany is the failure of rounds whose condition never held. The value is shown with its secrets masked before it is cut:
// nobody would know a half of one. Who goes on looks once more: what the last round read may be other then.
func (f *frame) tooMany(l *rounds, key string, last any) error {
	gave := ""
	if r := f.remote(); r != nil && HasRefs(last) {
		c := f.scope(&jobs.Uses{})
		c.Names[lastName] = last
		got, err := r.Elsewhere(Unit{Key: key + "@" + slotShown, Place: f.place(l.step), Slot: slotShown, Scope: c})
		if err != nil {
			return err
		}
		gave, _ = got.Value.(string)
	} else {
		gave = shown(f.hide, last)
	}
	return &steps.Error{
		Kind: steps.Limit, Message: fmt.Sprintf("after %s this does not hold yet: %s%s", plural(l.done, "round"), l.Until.Source(), gave),
		Hint:  "allow more rounds with `attempts`, or more time between them with `every`",
		Calls: []string{key},
	}
}

// lastName is the name under which the value travels that is to be shown.
const lastName = "last"

// shown says what the last round gave, masked and then cut.
func shown(hide func(string) string, last any) string {
	const most = 200
	text, err := steps.EncodeJSON(last)
	if err != nil {
		return ""
	}
	runes := []rune(hide(string(text)))
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return "; the last round gave " + string(runes)
}

// progress is where the rounds are, as plain data.
func (l *rounds) progress() map[string]any {
	return map[string]any{"done": l.done, "carry": l.carry, "saved": l.saved.plain()}
}

// restore goes to where the rounds were. It is false where that is not known.
func (l *rounds) restore(progress any) bool {
	kept, ok := progress.(map[string]any)
	if !ok {
		return false
	}
	l.done = Whole(kept["done"])
	l.carry, _ = kept["carry"].(map[string]any)
	l.saved = savesOf(kept["saved"])
	return l.done > 0
}

// Whole gives a whole number that may have been written as JSON meanwhile, 0 for any other value.
func Whole(v any) int {
	switch n := v.(type) {
	case int:
		return n
	case float64:
		return int(n)
	case json.Number:
		i, _ := strconv.Atoi(string(n))
		return i
	}
	return 0
}
