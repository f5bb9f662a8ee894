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

// parts are the parts of loops that can end before the loop does: what the flow calls a page and a round.
var parts = [...]string{"/page:", "/round:"}

// partsOf calls visit for each part of a loop that a key stands at or below: /a/page:3 and /a/page:3[x]/b/page:1 for
// /a/page:3[x]/b/page:1[y]/c.
func partsOf(key string, visit func(part string)) {
	for _, name := range parts {
		for from := 0; ; {
			at := strings.Index(key[from:], name)
			if at < 0 {
				break
			}
			from += at + len(name)
			for from < len(key) && '0' <= key[from] && key[from] <= '9' {
				from++
			}
			visit(key[:from])
		}
	}
}

// eachAbove calls visit, until it says no, for each key that a key stands below, as engine.Below says, and that is not empty.
func eachAbove(key string, visit func(above string) bool) {
	for i := 1; i < len(key); i++ {
		if strings.IndexByte("/[#@", key[i]) >= 0 && !visit(key[:i]) {
			return
		}
	}
}
