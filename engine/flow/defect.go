package flow

import (
	"fmt"
	"runtime/debug"

	"snrun/steps"
)

// Defect makes a step's error of what recover gave. It is to be called where the panic was recovered: the hint holds the
// stack.
func Defect(p any) *steps.Error {
	return &steps.Error{
		Kind: steps.BadInput, Message: fmt.Sprintf("a defect in snrun: %v", p),
		Hint:  "please report it, with this: " + string(debug.Stack()),
		Cause: fmt.Errorf("panic: %v", p),
	}
}
