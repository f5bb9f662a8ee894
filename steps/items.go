package steps

// Items are the items of one page, each decoded only when it is asked for. The page has been received and checked as a
// whole. At may be called from many goroutines; what it gives is the caller's. Close gives back what holds the page.
type Items interface {
	Len() int
	At(i int) (any, error)
	Close() error
}

// ItemsOf gives the items of a list that is there. Closing them does nothing.
func ItemsOf(list []any) Items { return listed(list) }

type listed []any

func (l listed) Len() int              { return len(l) }
func (l listed) At(i int) (any, error) { return l[i], nil }
func (listed) Close() error            { return nil }
