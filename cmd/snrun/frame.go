package main

import (
	"fmt"
	"strings"
)

// The parts of a terminal's language that the live view speaks.
const (
	clearRight = "\x1b[K" // to the end of the line
	clearBelow = "\x1b[J" // from the cursor to the end of the screen
)

// rewind moves the cursor to where a frame begins. A terminal that became narrower has broken the frame's lines in the
// meantime.
func rewind(frame []string, width int) string {
	if len(frame) == 0 {
		return ""
	}
	rows := 0
	for _, row := range frame {
		rows += max(1, (cells(uncolour(row))+width-1)/max(width, 1))
	}
	return fmt.Sprintf("\x1b[%dA\r", rows)
}

// overwrite writes whole lines over what stands on the terminal, and clears what is left of it. Nothing is cleared before
// it is written anew: the view would flicker, and some terminals keep a screen that is cleared from its top in their
// scrollback.
func overwrite(lines string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		line = strings.TrimSuffix(line, "\n")
		b.WriteString(line)
		if n := cells(uncolour(line)); n == 0 || n%max(width, 1) != 0 { // in the last column it would clear a character
			b.WriteString(clearRight)
		}
		b.WriteString("\n")
	}
	return b.String() + clearBelow
}

// uncolour takes the colours of a style out of a text.
func uncolour(s string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(rest, "m")
	}
}
