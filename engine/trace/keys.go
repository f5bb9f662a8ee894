package trace

import "strings"

// around gives the next shorter key that may be that of a step around: of /alerts[inc-1]/try:1#2/post it is /alerts[inc-1]/try:1#2,
// then /alerts[inc-1]/try:1, then /alerts[inc-1], then /alerts, then "". There are no brackets in the names of items, but slashes.
func around(key string) string {
	if strings.HasSuffix(key, "]") {
		return key[:max(strings.LastIndexByte(key, '['), 0)]
	}
	end := max(strings.LastIndexByte(key, '/'), strings.LastIndexByte(key, '#'), 0)
	return key[:end]
}

// line is the key of a step without items, rounds, pages and tries: what it has in common with itself elsewhere in the run.
func line(key string) string {
	if !strings.ContainsAny(key, "[#:") {
		return key
	}
	var parts []string
	for key != "" {
		shorter := around(key)
		part := key[len(shorter):]
		if strings.HasPrefix(part, "/") && !isPage(part) {
			parts = append(parts, part)
		}
		key = shorter
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
	}
	return b.String()
}

func isPage(part string) bool {
	number, found := strings.CutPrefix(part, "/page:")
	return found && strings.Trim(number, "0123456789") == ""
}
