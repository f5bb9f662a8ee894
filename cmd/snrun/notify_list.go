package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"snrun/engine"
	"snrun/engine/notify"
	"snrun/history/words"
)

// postRecord is a notice as `notify list --json` prints it.
type postRecord struct {
	Target   string        `json:"target"`
	State    string        `json:"state"` // waiting or given_up
	Posted   time.Time     `json:"posted"`
	Attempts int           `json:"attempts"`
	Next     time.Time     `json:"next,omitzero"`
	Error    string        `json:"error"` // of the last attempt
	Notice   notify.Notice `json:"notice"`
}

func (a *app) notifyListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the notices that wait, and those that were given up",
		Long: `List the notices that have not reached their targets: those that wait to be tried again, and the last ones that were
given up. It works without a daemon.`,
		Args: exactly(0, "notify list takes no argument"),
		RunE: func(*cobra.Command, []string) error {
			return a.listNotices(asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {target, state, posted, attempts, next, error, notice}")
	return cmd
}

func (a *app) listNotices(asJSON bool) error {
	posts, err := a.readPosts()
	if err != nil {
		return err
	}
	records := []postRecord{}
	for _, p := range posts {
		r, err := newPostRecord(p)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	switch {
	case asJSON:
		return a.printJSON(records)
	case len(records) == 0:
		_, err := io.WriteString(a.err, "no notice waits, and none was given up\n")
		return err
	}
	return a.print(postTable(a.page(), records))
}

// readPosts gives the notices of the history; none where there is no history.
func (a *app) readPosts() ([]engine.Post, error) {
	store, _, err := a.readHistory()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Posts()
}

func newPostRecord(p engine.Post) (postRecord, error) {
	r := postRecord{State: "waiting", Posted: p.Posted, Attempts: p.Attempts, Next: p.Next, Error: p.Error}
	r.Target, _, _ = strings.Cut(p.Target, "@")
	if p.Next.IsZero() {
		r.State = "given_up"
	}
	if err := json.Unmarshal(p.Notice, &r.Notice); err != nil {
		return r, fmt.Errorf("read the notice %d: %w", p.ID, err)
	}
	return r, nil
}

// postTable lists notices, one a line.
func postTable(p page, list []postRecord) string {
	rows := [][]string{{"TARGET", "NOTICE", "ABOUT", "POSTED", "TRIES", "NEXT", "ERROR"}}
	for _, r := range list {
		about := r.Notice.Job
		if about == "" {
			about = r.Notice.Profile
		}
		next := "given up"
		if r.State == "waiting" {
			next = r.Next.Local().Format(time.DateTime)
		}
		rows = append(rows, []string{r.Target, r.Notice.Kind, words.Clean(about), words.Ago(r.Posted, p.now), fmt.Sprint(r.Attempts), next, words.FirstLine(words.Clean(r.Error))})
	}
	return p.table(rows, func(row, _ int, text string) string {
		if row == 0 {
			return p.style.faint(text)
		}
		return text
	})
}
