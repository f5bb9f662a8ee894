package temporal

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"snrun/engine"
	"snrun/steps"
)

// How many bytes of JSON travel at most. The server refuses a payload of 2 MB, and warns from 256 KB on; it takes 4 MB at once of what a
// workflow asks for, and a workflow asks at once for what all of its branches want.
const (
	heaviest   = 256 << 10 // of what one activity reads
	rowsWeight = 128 << 10 // of the rows that one takes along
	atOnce     = 2 << 20   // of all activities under way
)

// tooHeavy is the failure of a step that would have more travel than may.
func tooHeavy(key string, size int) *steps.Error {
	return &steps.Error{
		Kind: steps.Limit, Message: fmt.Sprintf("what %s reads and gives would travel through Temporal with %d KB, and at most %d KB may", key, size>>10, heaviest>>10),
		Hint: "give fewer values to later steps: name the fields that are read, or put the steps into a loop",
	}
}

// room waits until so much may be under way besides what is. It gives back where there is.
func (h *host) room(t task) (leave func(), err error) {
	size := weight(t.What)
	for _, r := range t.Rows {
		size += r.weight()
	}
	fits := func() bool { return h.underWay == 0 || h.underWay+size <= atOnce } // one alone goes in any case
	if !fits() {
		if err := workflow.Await(h.here, fits); err != nil {
			return nil, err
		}
	}
	h.underWay += size
	return func() { h.underWay -= size }, nil
}

// weight is how many bytes JSON has once it travels: there some signs are written with six.
func weight(data []byte) int {
	return len(data) + 5*(bytes.Count(data, []byte("<"))+bytes.Count(data, []byte(">"))+bytes.Count(data, []byte("&")))
}

func (r row) weight() int {
	data, _ := json.Marshal(r)
	return len(data)
}

// brief is an error whose texts may travel with others of their kind.
func brief(e *steps.Error) *steps.Error {
	if e == nil {
		return nil
	}
	b := *e
	b.Message, b.Hint = engine.Brief(e.Message), engine.Brief(e.Hint)
	return &b
}
