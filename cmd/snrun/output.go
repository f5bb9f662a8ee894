package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
	"github.com/spf13/cobra"

	"snrun/steps"
)

// output is what --json and --jq of a command say: print JSON, all of it or some fields, perhaps through a jq program.
type output struct {
	asJSON bool
	fields []string // only these; nil for all
	filter string
	known  []string // which fields there are, sorted
	code   *gojq.Code
}

// bind gives a command the flags. What it prints as JSON is like the sample, or a list of such, but without some fields; as says what it is.
func (o *output) bind(cmd *cobra.Command, as string, sample any, without ...string) {
	o.known = fieldsOf(reflect.TypeOf(sample))
	o.known = slices.DeleteFunc(o.known, func(name string) bool { return slices.Contains(without, name) })
	example := strings.Join(o.known[:min(3, len(o.known))], ",")
	slices.Sort(o.known)
	flags := cmd.Flags()
	flags.Var(o, "json", "print "+as+" as JSON, or only these `FIELDS` of it, such as "+example)
	flags.Lookup("json").NoOptDefVal = "true"
	flags.StringVar(&o.filter, "jq", "", "print what this jq `PROGRAM` makes of the JSON, each result on a line of its own")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return o.check(cmd) }
	_ = cmd.RegisterFlagCompletionFunc("json", o.complete)
}

// String, Set and Type are for pflag.
func (o *output) String() string { return strings.Join(o.fields, ",") }

// Set takes what stands behind --json: fields, or nothing for all.
func (o *output) Set(text string) error {
	switch text {
	case "true":
		o.asJSON, o.fields = true, nil
	case "false":
		o.asJSON, o.fields = false, nil
	default:
		o.asJSON = true
		for _, name := range strings.Split(text, ",") {
			o.fields = append(o.fields, strings.TrimSpace(name))
		}
	}
	return nil
}

// Type has pflag write the flag as one that needs no value.
func (o *output) Type() string { return "bool" }

// check looks for mistakes before anything is done.
func (o *output) check(cmd *cobra.Command) error {
	for _, name := range o.fields {
		if !slices.Contains(o.known, name) {
			hint := "there are: " + strings.Join(o.known, ", ")
			if near := steps.Nearest(name, o.known); near != "" {
				hint = fmt.Sprintf("did you mean %q? ", near) + hint
			}
			return usageError(hint, "--json: there is no field %q", name)
		}
	}
	if !cmd.Flags().Changed("jq") {
		return nil
	}
	o.asJSON = true
	query, err := gojq.Parse(o.filter)
	if err == nil {
		o.code, err = gojq.Compile(query)
	}
	var at *gojq.ParseError
	switch {
	case errors.As(err, &at):
		column := len([]rune(o.filter[:max(0, min(at.Offset-len(at.Token), len(o.filter)))])) + 1
		return usageError("write a jq program, such as '.[].id'", "--jq: column %d: %w", column, err)
	case err != nil:
		return usageError("write a jq program, such as '.[].id'", "--jq: %w", err)
	}
	return nil
}

// complete completes the last of several fields.
func (o *output) complete(_ *cobra.Command, _ []string, typed string) (list []string, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	for _, name := range o.known {
		list = append(list, before+name)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// fieldsOf gives the names of the fields of a type, or of what it is a list of, in JSON.
func fieldsOf(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name != "":
			names = append(names, name)
		case f.Anonymous:
			names = append(names, fieldsOf(f.Type)...)
		default:
			names = append(names, f.Name)
		}
	}
	return names
}

// printOutput writes a value as --json and --jq want it.
func (a *app) printOutput(ctx context.Context, o output, v any) error {
	if o.fields == nil && o.code == nil {
		return a.printJSON(v)
	}
	text, err := compactJSON(v)
	if err == nil && o.fields != nil {
		text, err = selected(text, o.fields)
	}
	switch {
	case err != nil:
		return fmt.Errorf("writing JSON: %w", err)
	case o.code == nil:
		return a.printJSON(json.RawMessage(text))
	}
	return a.printResults(ctx, o.code, text)
}

// selected gives of JSON, an object or a list of such, only some fields, in their order.
func selected(text []byte, fields []string) ([]byte, error) {
	var objects []map[string]json.RawMessage
	list := bytes.HasPrefix(text, []byte("["))
	if !list {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	if err := json.Unmarshal(text, &objects); err != nil {
		return nil, err
	}
	pieces := make([]string, len(objects))
	for i, object := range objects {
		var b strings.Builder
		for j, name := range fields {
			value := object[name]
			if value == nil {
				value = json.RawMessage("null")
			}
			fmt.Fprintf(&b, "%s%q:%s", strings.Repeat(",", min(j, 1)), name, value)
		}
		pieces[i] = "{" + b.String() + "}"
	}
	if !list {
		return []byte(pieces[0]), nil
	}
	return []byte("[" + strings.Join(pieces, ",") + "]"), nil
}

// printResults writes what a jq program makes of JSON: a string as it is, all else as JSON. Numbers that it leaves alone keep their digits.
func (a *app) printResults(ctx context.Context, code *gojq.Code, text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	results := code.RunWithContext(ctx, value)
	for n := 1; ; n++ {
		result, ok := results.Next()
		if !ok {
			return nil
		}
		var halt *gojq.HaltError
		switch err, _ := result.(error); {
		case errors.As(err, &halt) && halt.Value() == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return &exitError{exitFailed, fmt.Errorf("--jq: result %d: %w", n, err), ""}
		}
		line, isText := result.(string)
		if !isText {
			text, err := gojq.Marshal(result)
			if err != nil {
				return fmt.Errorf("writing JSON: %w", err)
			}
			line = string(text)
		}
		if err := a.print(line + "\n"); err != nil {
			return err
		}
	}
}

// joinFields puts the fields behind --json into one argument with it, where they stand in an argument of their own. They are fields, and
// nothing that the command takes, where the line is wrong without and right with it, or where they are all known.
func (a *app) joinFields(args []string) []string {
	end := len(args)
	if i := slices.Index(args, "--"); i >= 0 {
		end = i
	}
	at := slices.Index(args[:end], "--json")
	if at < 0 || at+1 >= end || strings.HasPrefix(args[at+1], "-") {
		return args
	}
	joined := slices.Concat(args[:at], []string{"--json=" + args[at+1]}, args[at+2:])
	asIs, _ := a.tried(args)
	instead, known := a.tried(joined)
	if instead && (!asIs || known) {
		return joined
	}
	return args
}

// tried says whether a command takes a command line, and whether it has all fields that stand there.
func (a *app) tried(args []string) (taken, known bool) {
	try := *a // what is set of it does not matter
	cmd, rest, err := try.rootCommand().Find(args)
	if err != nil || cmd.ParseFlags(rest) != nil || cmd.ValidateArgs(cmd.Flags().Args()) != nil {
		return false, false
	}
	flag := cmd.Flags().Lookup("json")
	if flag == nil {
		return true, false
	}
	o, ok := flag.Value.(*output)
	return ok, ok && !slices.ContainsFunc(o.fields, func(name string) bool { return !slices.Contains(o.known, name) })
}
