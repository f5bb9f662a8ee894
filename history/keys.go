package history

import (
	"regexp"
	"strconv"
	"strings"
)

// callEnd is what a call's key has after the key of its step: the page of a walk, the number of the try.
var callEnd = regexp.MustCompile(`(/page:\d+)?(#(\d+))?$`)

// splitCall gives the key of the step that made a call, and which try it was.
func splitCall(call string) (step string, attempt int) {
	end := callEnd.FindStringSubmatchIndex(call)
	attempt = 1
	if end[6] >= 0 {
		attempt, _ = strconv.Atoi(call[end[6]:end[7]]) // only digits
	}
	return call[:end[0]], attempt
}

// stepID gives the id of the step with a key, "" when its place in the job is all that the key tells.
func stepID(key string) string {
	id := key[strings.LastIndexByte(key, '/')+1:]
	if strings.ContainsAny(id, ":[]") {
		return ""
	}
	return id
}

// ofLoop says whether a key, or what begins with it, is of something kept of a loop or of the run: /alerts@progress.
// An @ in brackets is an item's own.
func ofLoop(key string) bool {
	if strings.IndexByte(key, '@') < 0 {
		return false
	}
	depth := 0
	for i := range len(key) {
		switch c := key[i]; {
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case c == '@' && depth == 0:
			return true
		}
	}
	return false
}

// partsOf calls visit for each part of a loop that a key stands at or below, the part of the outermost loop first: /a/page:3
// and /a/page:3[x]/b[2] for /a/page:3[x]/b[2]/c. Parts are what can end before the loop does: a page, and a round of a
// repeat, which is written like an item with a number for its key.
func partsOf(key string, visit func(part string)) {
	const page = "/page:"
	for i := range len(key) {
		switch {
		case key[i] == '[':
			if end := afterDigits(key, i+1); end > i+1 && end < len(key) && key[end] == ']' {
				visit(key[:end+1])
			}
		case key[i] == '/' && strings.HasPrefix(key[i:], page):
			visit(key[:afterDigits(key, i+len(page))])
		}
	}
}

// afterDigits gives where the digits end that begin at a place, that place where there are none.
func afterDigits(text string, from int) int {
	for from < len(text) && '0' <= text[from] && text[from] <= '9' {
		from++
	}
	return from
}

// eachAbove calls visit, until it says no, for each key that a key stands below, as engine.Below says, and that is not empty.
func eachAbove(key string, visit func(above string) bool) {
	for i := 1; i < len(key); i++ {
		if strings.IndexByte("/[#@", key[i]) >= 0 && !visit(key[:i]) {
			return
		}
	}
}
