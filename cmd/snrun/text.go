package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cells is how many columns of a terminal a cleaned text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a text to at most n columns; "…" stands for what is left out.
func cut(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if cells(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeCells(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// pad fills a text up with spaces to n columns; a longer one stays as it is.
func pad(s string, n int) string {
	if missing := n - cells(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// padLeft fills a text up at its start.
func padLeft(s string, n int) string {
	if missing := n - cells(s); missing > 0 {
		return strings.Repeat(" ", missing) + s
	}
	return s
}

// wrap breaks a text into lines of at most n columns, at spaces where it can. Line ends of the text stay.
func wrap(s string, n int) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		lines = append(lines, wrapLine(paragraph, n)...)
	}
	return lines
}

func wrapLine(s string, n int) []string {
	var lines []string
	for cells(s) > n && n > 0 {
		end, used, space := 0, 0, 0
		for i, r := range s {
			if used += runeCells(r); used > n && i > 0 {
				end = i
				break
			}
			if r == ' ' && i > 0 {
				space = i
			}
		}
		if end == 0 {
			break
		}
		if space > 0 && s[end] != ' ' {
			end = space
		}
		lines = append(lines, strings.TrimRight(s[:end], " "))
		s = strings.TrimLeft(s[end:], " ")
	}
	return append(lines, s)
}
