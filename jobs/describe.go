package jobs

// Describe names the type of a value for a person: "a list", "null". The value itself is not told: it may be a secret.
func Describe(v any) string { return describe(v) }
