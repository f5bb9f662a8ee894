package engine

import "time"

// Alert is something that is wrong, for as long as it is.
type Alert struct {
	Subject string // job:NAME or profile:NAME
	Kind    string // failure, late or sign_in
	Since   time.Time
	Run     string // that brought it about; "" for none
}

// Post is a notice on its way to one target.
type Post struct {
	ID       int64 // given by the journal; 0 before
	Target   string
	Notice   []byte // as JSON
	Posted   time.Time
	Attempts int
	Next     time.Time // not before; zero where it was given up
	Error    string    // why the last attempt failed
}
