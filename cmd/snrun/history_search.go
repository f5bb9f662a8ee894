package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/history"
	"snrun/history/review"
	"snrun/history/words"
)

func (a *app) historySearchCommand() *cobra.Command {
	var q review.Query
	var o output
	cmd := &cobra.Command{
		Use:   "search TEXT",
		Short: "Find runs by what they left behind: errors, URLs, items, bodies",
		Long: `Find runs by a text in their errors, the messages of log steps, the keys of items, and in the URLs and bodies of their
requests and answers, as far as these were kept. The newest come first.

All words of TEXT must stand in one of these texts, each at the beginning of a word there: refus finds refused, not
unrefused. Words in double quotes must follow each other. Capital and small letters are the same, escapes of JSON and URLs
count as what they stand for; no other sign has a meaning. Secrets are masked before anything is kept, and so cannot be found.

Where the program was built with FTS5 it goes by an index, else it reads all runs: both find the same. Ctrl-C ends a search
that takes too long, and what was found until then is there. Times are written as for history list.`,
		Example: `  snrun history search INC0012345
  snrun history search '"connection refused" erp.example.com' --job nightly --since 7d`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("for example: "+cmd.CommandPath()+" INC0012345", "history search takes a text")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Limit < 1 {
				return usageError("see: "+cmd.CommandPath()+" --help", "-n %d: the limit is at least 1", q.Limit)
			}
			q.Text = strings.Join(args, " ")
			filter, err := q.Filter(time.Now(), time.Local)
			if err != nil {
				return misasked(cmd, err)
			}
			return a.searchHistory(cmd.Context(), q, filter, o)
		},
	}
	flags := cmd.Flags()
	a.filterFlags(cmd, &q)
	flags.IntVarP(&q.Limit, "limit", "n", 20, "at most so many runs")
	o.bind(cmd, "what is found", history.Hit{})
	return cmd
}

func (a *app) searchHistory(ctx context.Context, q review.Query, filter history.Filter, o output) error {
	store, next, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return a.noRunsAs(ctx, o)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	ctx, stop := withSignals(ctx)
	defer stop()
	s := &searching{app: a, next: next, query: q, since: time.Now()}
	if err := s.catchUp(ctx, store); err != nil {
		return stopped(ctx, err)
	}
	return s.search(ctx, store, filter, o)
}

// searching is a search that tells what it finds as it finds it, and how far it is.
type searching struct {
	*app
	next  review.Commands
	query review.Query
	since time.Time
	shown bool // how far it is stands on the terminal
}

// catchUpFor is how long a search may first bring the index up to date.
const catchUpFor = 2 * time.Second

// catchUp brings the index up to date, where there may be one, for a while: what is left is read.
func (s *searching) catchUp(ctx context.Context, store *history.Store) error {
	most, cancel := context.WithTimeout(ctx, catchUpFor)
	defer cancel()
	err := store.Index(most)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		io.WriteString(s.err, "the index for searches is not up to date yet: what it does not have is read; the next search, or snrun serve, goes on with it\n")
	}
	return nil // a history that cannot be written is read
}

func (s *searching) search(ctx context.Context, store *history.Store, filter history.Filter, o output) error {
	var failed error
	page := s.page()
	search := history.Search{Filter: filter, Progress: s.progress}
	if !o.asJSON {
		search.Hit = func(hit history.Hit) {
			s.clear()
			failed = errors.Join(failed, s.print(hitText(page, hit, s.next)))
		}
	}
	found, err := store.Search(ctx, search)
	s.clear()
	switch {
	case errors.Is(err, history.ErrSearchText):
		return usageError("write one or more words, such as: "+s.name+" history search INC0012345", "%w", err)
	case err != nil || failed != nil:
		return errors.Join(err, failed)
	case o.asJSON:
		if err := s.printOutput(context.WithoutCancel(ctx), o, found.Hits); err != nil {
			return err
		}
	}
	s.conclude(found, o)
	if !found.Finished {
		return stopped(ctx, context.Cause(ctx))
	}
	return nil
}

// conclude says what a person must know besides what was found.
func (s *searching) conclude(found history.Found, o output) {
	further := s.query
	if further.After != "" {
		further.After = found.Next
	} else {
		further.Before = found.Next
	}
	if found.Note != "" {
		io.WriteString(s.err, words.InLine(found.Note)+"\n")
	}
	switch {
	case !found.Finished:
		io.WriteString(s.err, "not all runs were looked through; go on: "+s.next.Search(further)+"\n")
	case found.Next != "":
		io.WriteString(s.err, "there may be more: "+s.next.Search(further)+"\n")
	case len(found.Hits) == 0 && !o.asJSON:
		io.WriteString(s.err, "no such run holds this text\n") // which may be a secret that somebody looks for
	}
}

// progressAfter is how long a search may take before anything is said.
const progressAfter = 2 * time.Second

// progress tells on a terminal how far a search is that takes longer.
func (s *searching) progress(p history.Progress) {
	if !s.err.terminal() || time.Since(s.since) < progressAfter {
		return
	}
	width, _ := s.err.size()
	text := fmt.Sprintf("… %s, back to %s; Ctrl-C ends it", words.Plural(p.Runs, "run"), p.Back.Local().Format(time.DateTime))
	s.clear()
	s.shown = true
	io.WriteString(s.err, cut(text, width-1))
}

// clear takes back how far it was.
func (s *searching) clear() {
	if s.shown {
		io.WriteString(s.err, "\r\x1b[K")
		s.shown = false
	}
}

// hitText is a run and where it holds what was looked for.
func hitText(p page, hit history.Hit, next review.Commands) string {
	var b strings.Builder
	began := hit.Started
	if began.IsZero() {
		began = hit.Due
	}
	fmt.Fprintf(&b, "%s  %s  %s  %s\n", p.style.bold(hit.Run), words.Clean(hit.Job), p.statusColour(hit.Status, statusWord(hit.Status)), p.moment(began))
	for _, place := range hit.Places {
		b.WriteString(placeLine(p, place) + "\n")
	}
	if hit.More {
		b.WriteString("  " + p.style.faint("… and more: "+next.Show(hit.Run)+" --http") + "\n")
	}
	return b.String()
}

// placeLine is one place, as wide as the page allows.
func placeLine(p page, place history.Place) string {
	line := "  " + pad(string(place.Where), 8) + "  "
	switch step := words.InLine(strings.TrimPrefix(place.Step, "/")); {
	case place.Where == history.InItem:
		line += step
	case step != "":
		line += step + ": " + place.Snippet
	default:
		line += place.Snippet
	}
	if p.width > 0 {
		line = cut(line, p.width)
	}
	if place.Match == "" {
		return line
	}
	return strings.Replace(line, place.Match, p.style.bold(place.Match), 1)
}
