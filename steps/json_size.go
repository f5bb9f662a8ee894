package steps

import "encoding/json"

// maxMeasured is how many values are looked at to guess the size of a text: it must cost little beside writing it.
const maxMeasured = 64

// roughSize guesses how long the JSON text of a value is, so that it is mostly written into memory of the right size.
func roughSize(v any) int {
	left := maxMeasured
	return measure(v, &left) + 16
}

func measure(v any, left *int) int {
	*left--
	size := 2
	switch v := v.(type) {
	case string:
		return len(v) + 2
	case json.Number:
		return len(v)
	case Scalar:
		return measure(v.Value, left)
	case map[string]any:
		for key, item := range v {
			if *left <= 0 {
				break
			}
			size += len(key) + 4 + measure(item, left)
		}
	case Pairs:
		for i := 0; i < len(v) && *left > 0; i++ {
			size += len(v[i].Key) + 4 + measure(v[i].Value, left)
		}
	case []any:
		for i := 0; i < len(v) && *left > 0; i++ {
			size += 1 + measure(v[i], left)
		}
	default:
		return 8
	}
	return size
}
