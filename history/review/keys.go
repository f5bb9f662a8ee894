package review

import "strings"

// InItem says whether a key is one of something inside a loop's item.
func InItem(key string) bool { return strings.Contains(key, "[") }

// IsPage says whether a key is one of a page.
func IsPage(key string) bool { return pageless(key) != key }

// LineKey is the key of the step that a key is shown with: the outermost loop around it, else the step without its attempt and
// page. The attempts of the blocks around it stay: each shows its steps anew.
func LineKey(key string) string {
	key, _, _ = strings.Cut(key, "[")
	return FirstTry(pageless(FirstTry(key)))
}

// FirstTry is a key without the mark of a further try at its end.
func FirstTry(key string) string {
	if i := strings.LastIndexByte(key, '#'); i > strings.LastIndexByte(key, '/') {
		return key[:i]
	}
	return key
}

// pageless is the key of the step that a page's key is of.
func pageless(key string) string {
	i := strings.LastIndex(key, "/page:")
	if i < 0 || strings.Trim(key[i+len("/page:"):], "0123456789") != "" {
		return key
	}
	return key[:i]
}
