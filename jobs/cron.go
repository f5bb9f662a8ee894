package jobs

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/robfig/cron/v3"
)

// Cron is a cron line: five fields, or one of the forms that begin with @.
type Cron struct {
	text    string
	every   time.Duration     // of @every, else 0
	spec    cron.SpecSchedule // by the wall clock; a day too many where lastDay is set
	lastDay bool              // the day of the month has an L
	days    uint64            // the days of the month that are named, without those that L stands for
	named   bool              // the hour field names hours
}

// CronError is a mistake in a cron line: width bytes of it from an offset.
type CronError struct {
	Offset, Width int
	Message       string
	Hint          string // "" when nothing is to be said
}

// Error gives the message without the hint.
func (e *CronError) Error() string { return e.Message }

// ParseCron reads a cron line. A line that no moment ever fits is an error too. Errors are *CronError.
func ParseCron(text string) (*Cron, error) {
	words := splitWords(text)
	if len(words) == 0 {
		return nil, &CronError{0, max(1, len(text)), "the cron line is empty", `write five fields, such as "*/15 * * * *"`}
	}
	first := words[0]
	if name, zone, found := strings.Cut(first.text, "="); found && strings.HasSuffix(name, "TZ") {
		return nil, &CronError{first.offset, len(first.text), "a cron line holds no time zone", "write it beside cron, as timezone: " + orElse(zone, "Europe/Berlin")}
	}
	if strings.HasPrefix(first.text, "@") {
		return parseMacro(text, words)
	}
	if len(words) != len(cronFields) {
		return nil, wrongCount(words)
	}
	return parseFields(text, words)
}

// word is a part of a cron line without spaces, and where it begins, in bytes.
type word struct {
	text   string
	offset int
}

func splitWords(text string) []word {
	var words []word
	start := -1
	for i, r := range text + " " {
		switch space := unicode.IsSpace(r); {
		case space && start >= 0:
			words = append(words, word{text[start:i], start})
			start = -1
		case !space && start < 0:
			start = i
		}
	}
	return words
}

func wrongCount(words []word) error {
	first, last := words[0], words[len(words)-1]
	e := &CronError{Offset: first.offset, Width: last.offset + len(last.text) - first.offset}
	e.Hint = "write * for each field that may have any value"
	e.Message = fmt.Sprintf("a cron line has five fields (minute, hour, day of month, month, day of week), not %d", len(words))
	if len(words) > len(cronFields) {
		var rest []string
		for _, w := range words[1 : 1+len(cronFields)] {
			rest = append(rest, w.text)
		}
		e.Hint = fmt.Sprintf("there is no field for seconds; did you mean %q?", strings.Join(rest, " "))
	}
	return e
}

// macros are the names for lines that are often written.
func macros() map[string]string {
	return map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	}
}

func parseMacro(text string, words []word) (*Cron, error) {
	name := strings.ToLower(words[0].text)
	if name == "@every" {
		return parseEvery(text, words)
	}
	line, known := macros()[name]
	if !known {
		const hint = "these are: @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually and @every 90s"
		return nil, &CronError{words[0].offset, len(words[0].text), fmt.Sprintf("%s is not known", words[0].text), hint}
	}
	if len(words) > 1 {
		return nil, &CronError{words[1].offset, len(words[1].text), fmt.Sprintf("nothing may follow %s", words[0].text), ""}
	}
	return parseFields(text, splitWords(line))
}

func parseEvery(text string, words []word) (*Cron, error) {
	if len(words) != 2 {
		last := words[len(words)-1]
		return nil, &CronError{last.offset, len(last.text), "@every is followed by one duration", "write one without spaces, such as @every 1h30m"}
	}
	w := words[1]
	every, err := ParseDuration(w.text)
	if err != nil {
		return nil, &CronError{w.offset, len(w.text), err.Error(), ""}
	}
	if every < time.Second || every%time.Second != 0 {
		return nil, &CronError{w.offset, len(w.text), fmt.Sprintf("a schedule counts in whole seconds; %s is not a number of them above 0", w.text), ""}
	}
	return &Cron{text: text, every: every}, nil
}

func parseFields(text string, words []word) (*Cron, error) {
	c := &Cron{text: text}
	bits := make([]uint64, len(cronFields))
	for i, f := range cronFields {
		set, last, err := f.parse(words[i])
		if err != nil {
			return nil, err
		}
		bits[i], c.lastDay = set, c.lastDay || last
	}
	c.days = bits[2]
	if c.lastDay {
		bits[2] |= 1<<28 | 1<<29 | 1<<30 | 1<<31
	}
	c.spec = cron.SpecSchedule{Second: 1, Minute: bits[0], Hour: bits[1], Dom: bits[2], Month: bits[3], Dow: bits[4], Location: time.UTC}
	c.named = bits[1]&starBit == 0
	if _, possible := c.wall(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); !possible {
		day, month := words[2], words[3]
		return nil, &CronError{
			day.offset, month.offset + len(month.text) - day.offset,
			fmt.Sprintf("no month of %q has a day of %q, so this is never due", month.text, day.text),
			"for the last day of a month, write L for its day",
		}
	}
	return c, nil
}

// String gives the line as it was written.
func (c *Cron) String() string { return c.text }

// NamesHours says whether the hour field names hours, so that a change of the clock may skip or repeat what it names.
// With * or */n it does not, and neither does @every.
func (c *Cron) NamesHours() bool { return c.named }

// Next gives the first time after the given one that fits the line, by the clock of that time's location. Where the
// clock is changed it does what an empty Dst says. @every counts from the beginning of 1970 in UTC.
func (c *Cron) Next(after time.Time) time.Time { return c.next(after, Dst{}).At }

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
