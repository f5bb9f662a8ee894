package main

import (
	"snrun/engine/schedule"
	"snrun/history"
)

var _ schedule.Book = (*history.Store)(nil)
