package steps

// Shape is what is known before a run of a value that a call will give. The zero Shape is that of a value of which nothing is known.
type Shape struct {
	// Forms are those that the value can have: Text, Int, Float, Bool, List and Map. None: it can be anything.
	Forms []Form
	Null  bool   // it may also be null, or not be there
	Item  *Shape // of a List's items; nil for any value
	// Key gives the value under a key of a Map, nil where there is surely none; Keys gives those that there can be, sorted. Both are
	// asked only for the keys that are read, so that a shape may hold itself. Nil: any key may be there.
	Key  func(name string) *Shape
	Keys func() []string
}
