package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inText      = regexp.MustCompile("`snrun ([^`]+)`")
	inBlock     = regexp.MustCompile(`(?m)^(?: {4}|#   )(?:\$ )?snrun (.+)$`)
	inShell     = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	commandLine = regexp.MustCompile(`(?m)^(?:\.\./)?snrun (.+)$`)
	// lineEnd is where a command line ends: at a comment, a pipe, a redirection, the next command.
	lineEnd = regexp.MustCompile(`\s(?:#|\||>|&&|\().*`)
)

// commandsIn gives the command lines that a page shows, without the program's name.
func commandsIn(text string) (lines []string) {
	for _, block := range inShell.FindAllStringSubmatch(text, -1) {
		for _, m := range commandLine.FindAllStringSubmatch(block[1], -1) {
			lines = append(lines, m[1])
		}
	}
	for _, pattern := range []*regexp.Regexp{inText, inBlock} {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			lines = append(lines, m[1])
		}
	}
	return lines
}

// TestDocsCommands holds that the commands which README.md, the pages under docs and the heads of the examples show are
// there, with their flags.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/reference/*.md", "examples/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatal("there is nothing like ", pattern, err)
		}
		for _, file := range files {
			for _, line := range commandsIn(readText(t, file)) {
				words := strings.Fields(lineEnd.ReplaceAllString(line, ""))
				seen++
				if err := knows(words); err != nil {
					t.Errorf("%s shows snrun %s: %v", file, line, err)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d commands were found", seen)
	}
}

// knows says what is wrong with a command line: a command or a flag that there is not.
func knows(words []string) error {
	root := newApp(strings.NewReader(""), os.Stdout, os.Stderr, nil).rootCommand()
	root.InitDefaultCompletionCmd()
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return cmd.FlagErrorFunc()(cmd, err)
	}
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return group(cmd, args)
	}
	return nil
}
