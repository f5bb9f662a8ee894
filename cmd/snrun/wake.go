package main

import "snrun/history"

// wake tells the living daemons that something in the database is new to them. They find out by themselves a little later.
func (a *app) wake(store *history.Store) {}
