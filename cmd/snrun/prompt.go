package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"

	"snrun/auth"
)

// ask asks a person for a line, and does not show what they type. A PEM block may be pasted whole.
//
// The terminal is taken over for that, where term.ReadPassword would leave its lines to the system: that cuts them at 4096
// characters, and hands all but the first line of a pasted key to the shell.
func (a *app) ask(terminal *os.File, prompt string) (string, error) {
	state, err := term.MakeRaw(int(terminal.Fd())) // before it is asked for: who pastes is quick
	if err != nil {
		return "", fmt.Errorf("asking on the terminal: %w", err)
	}
	io.WriteString(a.err, prompt)
	text, err := readHidden(terminal)
	_ = term.Restore(int(terminal.Fd()), state) // it is the terminal that has just been read from
	io.WriteString(a.err, "\n")
	if errors.Is(err, errInterrupted) {
		return "", exitWith(exitSignal + int(syscall.SIGINT))
	}
	return text, err
}

var errInterrupted = errors.New("interrupted")

// The keys that mean something where a text is typed unseen.
const (
	keyInterrupt = 'C' & 0x1f
	keyEnd       = 'D' & 0x1f
	keyClear     = 'U' & 0x1f
	keyBackspace = '\b'
	keyDelete    = 0x7f
)

// readHidden reads a line, or a PEM block, from a terminal that leaves all keys to its reader.
func readHidden(r io.Reader) (string, error) {
	var text []byte
	key := make([]byte, 1)
	for {
		last := key[0]
		if _, err := io.ReadFull(r, key); err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
		switch {
		case key[0] == keyInterrupt:
			return "", errInterrupted
		case key[0] == keyBackspace, key[0] == keyDelete:
			_, size := utf8.DecodeLastRune(text)
			text = text[:len(text)-size]
		case key[0] == keyClear:
			text = nil
		case key[0] == '\n' && last == '\r': // one line end, written as two
		case key[0] == '\r', key[0] == '\n':
			if !inPEM(text) {
				return typed(text)
			}
			text = append(text, '\n')
		case key[0] == keyEnd:
			return typed(text)
		default:
			text = append(text, key[0])
		}
	}
	return typed(text)
}

// inPEM says whether a PEM block has begun, but not ended.
func inPEM(text []byte) bool {
	return bytes.HasPrefix(text, []byte("-----BEGIN ")) && !bytes.Contains(text, []byte("-----END "))
}

// typed checks what was typed.
func typed(text []byte) (string, error) {
	odd := func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }
	switch {
	case inPEM(text):
		return "", errors.New("the end of the PEM block is missing")
	case bytes.ContainsFunc(text, odd):
		return "", errors.New("a key was pressed that stands for no character")
	}
	return auth.ReadSecret(strings.NewReader(string(text)))
}
