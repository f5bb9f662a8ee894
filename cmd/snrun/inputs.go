package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// maxInputs bounds a file of inputs, in bytes.
const maxInputs = 64 << 20

// inputs gives the inputs of a run, checked and with their defaults.
func (a *app) inputs(job *jobs.Job, o runOptions) (map[string]any, error) {
	_, checked, err := a.givenInputs(job, o)
	return checked, err
}

// givenInputs gives the inputs of a run as they were given, and checked with their defaults. Of what --inputs and -i both name, -i counts.
func (a *app) givenInputs(job *jobs.Job, o runOptions) (given, checked map[string]any, err error) {
	if given, err = a.inputsFile(o.inputsFile); err != nil {
		return nil, nil, err
	}
	var mistakes []string
	for _, text := range o.inputs {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, nil, usageError("write -i name=value", "-i %s names no value", words.Argument(text))
		}
		if given[name], err = job.Inputs.FromText(name, value); err != nil {
			mistakes = append(mistakes, err.Error())
			delete(given, name)
		}
	}
	checked, problems := job.Inputs.Check(given)
	for _, p := range problems {
		mistakes = append(mistakes, inputMistake(p))
	}
	if len(mistakes) > 0 {
		return nil, nil, usageError("", "the inputs do not fit the job %s:\n  %s", job.Name, strings.Join(mistakes, "\n  "))
	}
	return given, checked, nil
}

// inputsFile reads an object of inputs; an empty one when no file is named.
func (a *app) inputsFile(name string) (map[string]any, error) {
	if name == "" {
		return map[string]any{}, nil
	}
	data, err := a.readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError("", "--inputs %s: there is no such file", name)
	}
	if err != nil {
		return nil, usageError("", "--inputs %s: %w", name, err)
	}
	v, err := steps.DecodeJSON(data)
	if err != nil {
		return nil, usageError("", "--inputs %s: %w", name, err)
	}
	given, ok := v.(map[string]any)
	if !ok {
		return nil, usageError(`write {"name": value}`, "--inputs %s: not a JSON object", name)
	}
	return given, nil
}

// readFile reads a file, standard input for "-".
func (a *app) readFile(name string) ([]byte, error) {
	from := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, maxInputs+1))
	if err == nil && len(data) > maxInputs {
		err = errors.New("larger than " + words.Size(maxInputs))
	}
	return data, err
}

func inputMistake(p jobs.InputProblem) string {
	if p.Hint == "" {
		return p.Message
	}
	return fmt.Sprintf("%s: %s", p.Message, p.Hint)
}
