package jobs

import (
	"fmt"
	"strconv"
	"strings"
)

// starBit marks a field that begins with *. It is the mark of cron.SpecSchedule: of day of month and day of week, the one
// with a star must fit as well; with none, either may.
const starBit = 1 << 63

// cronField is one of the five fields of a cron line.
type cronField struct {
	name     string
	min, max int
	names    []string // what stands for min, min+1 …
	instead  string   // how to write a step that the field cannot hold, with the number for %d
}

var cronFields = [...]cronField{
	{name: "minute", max: 59, instead: "@every %dm"},
	{name: "hour", max: 23, instead: "@every %dh"},
	{name: "day of month", min: 1, max: 31, instead: "@every %dd"},
	{name: "month", min: 1, max: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{name: "day of week", max: 7, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
}

// isWeekday says whether the field is the day of week, where 7 is 0 again.
func (f cronField) isWeekday() bool { return f.max == 7 }

// parse reads the field: a list of *, numbers, names and ranges, each with or without a step. Last says that L is in it.
func (f cronField) parse(w word) (bits uint64, last bool, err error) {
	offset := w.offset
	for _, item := range strings.Split(w.text, ",") {
		if f.name == "day of month" && strings.EqualFold(item, "L") {
			last = true
		} else {
			set, err := f.item(word{item, offset})
			if err != nil {
				return 0, false, err
			}
			bits |= set
		}
		offset += len(item) + 1
	}
	if f.isWeekday() && bits&(1<<7) != 0 {
		bits = bits&^(1<<7) | 1
	}
	if !strings.HasPrefix(w.text, "*") {
		bits &^= starBit
	}
	return bits, last, nil
}

// item reads one item of the list.
func (f cronField) item(w word) (uint64, error) {
	base, stepText, hasStep := strings.Cut(w.text, "/")
	low, high, err := f.span(word{base, w.offset})
	if err != nil {
		return 0, err
	}
	step := 1
	if hasStep {
		if !strings.Contains(base, "-") {
			high = f.last()
		}
		if step, err = f.step(word{stepText, w.offset + len(base) + 1}, high-low); err != nil {
			return 0, err
		}
	}
	var bits uint64
	for i := low; i <= high; i += step {
		bits |= 1 << i
	}
	if strings.HasPrefix(base, "*") {
		bits |= starBit
	}
	return bits, nil
}

// last is the field's last value when all are meant.
func (f cronField) last() int {
	if f.isWeekday() {
		return 6
	}
	return f.max
}

// span reads *, a value or a range of two.
func (f cronField) span(w word) (low, high int, err error) {
	if w.text == "*" {
		return f.min, f.last(), nil
	}
	lowText, highText, isRange := strings.Cut(w.text, "-")
	if low, err = f.value(word{lowText, w.offset}); err != nil || !isRange {
		return low, low, err
	}
	if high, err = f.value(word{highText, w.offset + len(lowText) + 1}); err != nil {
		return 0, 0, err
	}
	if f.isWeekday() && high == 0 && low > 0 {
		high = 7
	}
	if low > high {
		e := f.errorf(w, "the range %s of the %s runs backwards", w.text, f.name)
		e.Hint = fmt.Sprintf("write it as two: %s-%d,%d-%s", lowText, f.last(), f.min, highText)
		return 0, 0, e
	}
	return low, high, nil
}

func (f cronField) value(w word) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(w.text, name) {
			return f.min + i, nil
		}
	}
	n, err := strconv.Atoi(w.text)
	if err != nil || strings.ContainsAny(w.text, "+-") {
		e := f.errorf(w, "%q is no %s", w.text, f.name)
		e.Hint = f.hint()
		return 0, e
	}
	if n < f.min || n > f.max {
		return 0, f.errorf(w, "%s is no %s: they go from %d to %d", w.text, f.name, f.min, f.max)
	}
	return n, nil
}

// step reads the step of an item that spans width.
func (f cronField) step(w word, width int) (int, error) {
	n, err := strconv.Atoi(w.text)
	if err != nil || strings.ContainsAny(w.text, "+-") || n == 0 {
		return 0, f.errorf(w, "%q is no step; a step is a number from 1", w.text)
	}
	if n > max(width, 1) {
		e := f.errorf(w, "a step of %d goes beyond what is left of the %s, which starts over each time", n, f.name)
		if f.instead != "" {
			e.Hint = fmt.Sprintf("for an interval of that length, write cron: \""+f.instead+"\"", n)
		}
		return 0, e
	}
	return n, nil
}

func (f cronField) errorf(w word, format string, args ...any) *CronError {
	return &CronError{Offset: w.offset, Width: max(1, len(w.text)), Message: fmt.Sprintf(format, args...)}
}

func (f cronField) hint() string {
	hint := fmt.Sprintf("write *, a number from %d to %d, a range as in %d-%d, a step as in */2, or several with commas", f.min, f.max, f.min+1, f.min+3)
	switch {
	case f.names != nil:
		hint += "; names are " + strings.Join(f.names, ", ")
	case f.name == "day of month":
		hint += "; L is the last day"
	}
	return hint
}
