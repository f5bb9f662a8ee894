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

// searchOptions say in which runs `history search` looks.
type searchOptions struct {
	filter history.Filter
	status string
	asJSON bool
}

func (a *app) historySearchCommand() *cobra.Command {
	var o searchOptions
	cmd := &cobra.Command{
		Use:   "search TEXT",
		Short: "Find runs by what they left behind: errors, URLs, items, bodies",
		Long: `Find runs by a text in their errors, the messages of log steps, the keys of items, and in the URLs and bodies of their
requests and answers, as far as these were kept. The newest come first.

All words of TEXT must stand in one of these texts, each at the beginning of a word there: refus finds refused, not
unrefused. Words in double quotes must follow each other. Capital and small letters are the same; no other sign has a
meaning. Secrets are masked before anything is kept, and so cannot be found.

The program searches by an index where it was built with FTS5, and else reads all runs: both find the same. Ctrl-C ends
a search that takes too long; what was found until then is there.`,
		Example: `  snrun history search INC0012345
  snrun history search '"connection refused" erp.example.com' --job nightly`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usageError("for example: "+cmd.CommandPath()+" INC0012345", "history search takes a text")
			case o.filter.Limit < 1:
				return usageError("see: "+cmd.CommandPath()+" --help", "-n %d: the limit is at least 1", o.filter.Limit)
			}
			o.filter.Text = strings.Join(args, " ")
			return a.searchHistory(cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.filter.Job, "job", "", "only runs of this job")
	flags.IntVarP(&o.filter.Limit, "limit", "n", 20, "at most so many runs")
	flags.StringVar(&o.filter.Before, "before", "", "only runs before this one: the last of the page before")
	flags.BoolVar(&o.asJSON, "json", false, "print what is found as a JSON array")
	return cmd
}

func (a *app) searchHistory(cmd *cobra.Command, o searchOptions) error {
	store, next, err := a.readHistory()
	if errors.Is(err, history.ErrNoRuns) {
		return a.noRuns(o.asJSON)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	ctx, stop := withSignals(cmd.Context())
	defer stop()
	return a.search(ctx, store, next, o)
}

// search looks, tells what it finds as it is found, and how far it is.
func (a *app) search(ctx context.Context, store *history.Store, next review.Commands, o searchOptions) error {
	var failed error
	page, waiting := a.page(), a.newWaiting()
	q := history.Search{Filter: o.filter, Progress: waiting.progress}
	if !o.asJSON {
		q.Hit = func(hit history.Hit) {
			waiting.clear()
			failed = errors.Join(failed, a.print(hitText(page, hit, next)))
		}
	}
	found, err := store.Search(ctx, q)
	waiting.clear()
	switch {
	case errors.Is(err, history.ErrSearchText):
		return &exitError{exitUsage, err, "write one or more words, such as: " + a.name + " history search INC0012345"}
	case err != nil || failed != nil:
		return errors.Join(err, failed)
	case o.asJSON:
		if err := a.printJSON(found.Hits); err != nil {
			return err
		}
	}
	a.tellSearched(found, o)
	if !found.Finished {
		return stopped(ctx, context.Cause(ctx))
	}
	return nil
}

// tellSearched says what a person must know besides what was found.
func (a *app) tellSearched(found history.Found, o searchOptions) {
	switch {
	case !found.Finished:
		io.WriteString(a.err, "not all runs were looked through; go on: "+a.searchFrom(found.Next, o)+"\n")
	case len(found.Hits) == 0 && !o.asJSON:
		io.WriteString(a.err, "no run holds "+words.Clean(o.filter.Text)+"\n")
	case found.Next != "" && !o.asJSON:
		io.WriteString(a.err, "older ones: "+a.searchFrom(found.Next, o)+"\n")
	}
}

// searchFrom is the command that goes on with a search.
func (a *app) searchFrom(before string, o searchOptions) string {
	text := a.name + " history search"
	if o.filter.Job != "" {
		text += " --job " + words.Argument(o.filter.Job)
	}
	if before != "" {
		text += " --before " + before
	}
	return text + " " + words.Argument(o.filter.Text)
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
	return strings.Replace(line, place.Match, p.style.bold(place.Match), 1)
}

// waiting tells on a terminal how far a search is that takes longer.
type waiting struct {
	app   *app
	since time.Time
	shown bool
}

// waitsFor is how long a search may take before anything is said.
const waitsFor = 2 * time.Second

func (a *app) newWaiting() *waiting { return &waiting{app: a, since: time.Now()} }

func (w *waiting) progress(p history.Progress) {
	if !w.app.err.terminal() || time.Since(w.since) < waitsFor {
		return
	}
	w.clear()
	w.shown = true
	fmt.Fprintf(w.app.err, "… %s, back to %s; Ctrl-C ends it", words.Plural(p.Runs, "run"), p.Back.Local().Format(time.DateTime))
}

// clear takes the line back.
func (w *waiting) clear() {
	if w.shown {
		io.WriteString(w.app.err, "\r\x1b[K")
		w.shown = false
	}
}
