package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"snrun/auth"
)

// stream is where the program writes to. Each write is masked by itself, so a text must be written in one piece.
type stream struct {
	file     io.Writer // a file, but where what commands print is shown elsewhere
	redactor *auth.Redactor
}

// Write writes b with its secrets masked.
func (s *stream) Write(b []byte) (int, error) {
	if _, err := s.file.Write(s.redactor.Bytes(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// terminal says whether a person watches.
func (s *stream) terminal() bool {
	file, is := s.file.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

// size is the terminal's size in columns and lines; 80 and 24 where it does not tell.
func (s *stream) size() (width, height int) {
	file, is := s.file.(*os.File)
	if !is {
		return 80, 24
	}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}
