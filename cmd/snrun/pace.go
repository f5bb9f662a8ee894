package main

import (
	"fmt"
	"math"
	"time"

	"snrun/engine"
	"snrun/history/words"
)

// pace is how fast a walk or a loop goes, as its last event told.
type pace struct {
	at        time.Time
	perSecond float64
	left      time.Duration // until all is done; 0 where that is not known
}

// detailing says what is left out of a step's detail: each leaves out what those before it do, too.
type detailing int

const (
	everything detailing = iota
	withoutPages
	withoutTrouble
	withoutSpeed
)

// words say how fast it goes, if that is wanted, and at a time how long it will go on.
func (p pace) words(now time.Time, fast bool) []string {
	var said []string
	if text := speed(p.perSecond); fast && text != "" {
		said = append(said, text)
	}
	if left := p.left - now.Sub(p.at); p.left > 0 && left >= 5*time.Second {
		said = append(said, about(left)+" left")
	}
	return said
}

// speed writes a number of items a second, no finer than it is steady: 4,100/s, 37/s, 2.5/s, 12/min. Empty for next to none.
func speed(perSecond float64) string {
	switch {
	case perSecond >= 100:
		unit := math.Pow(10, math.Floor(math.Log10(perSecond))-1)
		return words.Thousands(int(math.Round(perSecond/unit)*unit)) + "/s"
	case perSecond >= 9.95:
		return fmt.Sprintf("%.0f/s", perSecond)
	case perSecond >= 1:
		return fmt.Sprintf("%.1f/s", perSecond)
	case perSecond*60 >= 1:
		return fmt.Sprintf("%.0f/min", perSecond*60)
	}
	return ""
}

// about writes a time that is only guessed: ~40 s, ~4 min, ~3 h, ~2 days.
func about(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("~%.0f s", math.Ceil(d.Seconds()/5)*5)
	case d < 90*time.Minute:
		return fmt.Sprintf("~%.0f min", d.Minutes())
	case d < 36*time.Hour:
		return fmt.Sprintf("~%.0f h", d.Hours())
	}
	return fmt.Sprintf("~%.0f days", d.Hours()/24)
}

// countWords say what a walk or a loop dealt with, its pages if they are wanted.
func countWords(c engine.Counts, pages int, ended bool) []string {
	done := c.Succeeded + c.Failed
	if done+max(pages, c.Pages) == 0 && c.Total <= 0 && ended {
		return []string{"no items"}
	}
	var said []string
	if c.Total > done || !ended && c.Total >= 0 {
		said = append(said, fmt.Sprintf("%s of %s", words.Thousands(done), words.Plural(c.Total, "item")))
	} else {
		said = append(said, words.Plural(done, "item"))
	}
	switch {
	case pages > 0:
		said = append(said, words.Plural(pages, "page"))
	case ended && c.Pages == 0:
		said = append(said, words.Thousands(c.Succeeded)+" ok")
	}
	if c.Failed > 0 {
		said = append(said, words.Thousands(c.Failed)+" failed")
	}
	return said
}

// troubleWords say how often something was tried again, and how often it waited for a limit.
func troubleWords(retries, limitWaits int) []string {
	var said []string
	if retries > 0 {
		said = append(said, words.Plural(retries, "retry"))
	}
	if limitWaits > 0 {
		said = append(said, words.Plural(limitWaits, "wait")+" for a limit")
	}
	return said
}
