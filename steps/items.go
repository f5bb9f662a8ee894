package steps

// Items are the items of one page, each decoded only when it is asked for. The page has been received and checked as a
// whole. At may be called from many goroutines; what it gives is the caller's. Text gives all items as the JSON text of a
// list: as they came, where all of them is read. Close gives back what holds the page, and that text with it.
type Items interface {
	Len() int
	At(i int) (any, error)
	Text() ([]byte, error)
	Close() error
}

// ItemsOf gives the items of a list that is there. Closing them does nothing.
func ItemsOf(list []any) Items { return listed(list) }

type listed []any

func (l listed) Len() int              { return len(l) }
func (l listed) At(i int) (any, error) { return l[i], nil }
func (l listed) Text() ([]byte, error) { return EncodeJSON([]any(l)) }
func (listed) Close() error            { return nil }

// TextOf gives items as the JSON text of a list, each of them decoded and encoded again.
func TextOf(items Items) ([]byte, error) {
	e := jsonEncoder{out: append(make([]byte, 0, 1024), '[')}
	for i := range items.Len() {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		item, err := items.At(i)
		if err == nil {
			err = e.value(item)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(e.out, ']'), nil
}
