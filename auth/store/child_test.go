package store

import "errors"

func count(file string) error      { return errors.ErrUnsupported }
func putForEver(file string) error { return errors.ErrUnsupported }
func hold(file string) error       { return errors.ErrUnsupported }
func readOnly(file string) error   { return errors.ErrUnsupported }
func askKeyring(file string) error { return errors.ErrUnsupported }
func makeNew(file string) error    { return errors.ErrUnsupported }
