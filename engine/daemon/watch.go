package daemon

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"snrun/jobs"
)

// How long a folder must be quiet before its files are read again, and how long that is waited for at most: editors write a file in
// several steps, and a checkout changes many.
const (
	quiet    = 200 * time.Millisecond
	patience = 2 * time.Second
)

// watcher hears of changes in the folders of a project.
type watcher struct {
	*fsnotify.Watcher
	watched []string // folders, sorted
}

// watch has the files read again when they change. Where folders cannot be watched it says so: a signal has the files read again then.
func (d *Daemon) watch(ctx context.Context) error {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		d.Log.Warn("changes of the project's files are not noticed: have them read again with SIGHUP", "error", err)
		return nil
	}
	w := &watcher{Watcher: n}
	defer w.Close()
	w.follow(d)
	d.Reload() // what was changed before anybody watched
	timer := time.NewTimer(0)
	<-timer.C
	var first time.Time // of the changes that were not followed yet
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.Events:
			if !w.concerns(d.library.Project(), e) {
				continue
			}
			if first.IsZero() {
				first = time.Now()
			}
			timer.Reset(min(quiet, time.Until(first.Add(patience))))
		case err := <-w.Errors: // too many at once: anything may have changed
			d.Log.Debug("watching the project's folder", "error", err)
			first = time.Now()
			timer.Reset(quiet)
		case <-timer.C:
			first = time.Time{}
			for d.reload(); w.follow(d); { // what came into a new folder before that was watched, nobody told of
				d.reload()
			}
		}
	}
}

// follow watches the folders that the project has now: its own, that of its profiles, and all below that of its jobs. It says whether one
// of them is new.
func (w *watcher) follow(d *Daemon) (news bool) {
	p := d.library.Project()
	folders := []string{p.Dir, filepath.Dir(profilesOf(p))}
	if !d.library.jobless {
		folders = append(folders, foldersBelow(folderOf(p))...)
	}
	slices.Sort(folders)
	folders = slices.Compact(folders)
	for _, gone := range w.watched {
		if !slices.Contains(folders, gone) {
			_ = w.Remove(gone) // it is gone from the watcher already where the folder was removed
		}
	}
	before := w.WatchList()
	for _, folder := range folders {
		switch err := w.Add(folder); {
		case err == nil:
			news = news || !slices.Contains(before, folder)
		case !slices.Contains(w.watched, folder): // it is told once
			d.Log.Warn("changes in a folder are not noticed: have them read again with SIGHUP", "folder", folder, "error", err)
		}
	}
	w.watched = folders
	return news
}

// foldersBelow gives a folder and those below it, but for hidden ones.
func foldersBelow(root string) []string {
	folders := []string{root}
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || !entry.IsDir() || path == root:
		case strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		default:
			folders = append(folders, path)
		}
		return nil
	})
	return folders
}

// profilesOf gives the file of the project's profiles.
func profilesOf(p *Project) string {
	if filepath.IsAbs(p.Settings.Profiles) {
		return p.Settings.Profiles
	}
	return filepath.Join(p.Dir, p.Settings.Profiles)
}

// concerns says whether an event may be about the project's files. The database, which may be in the same folder, changes all the time.
func (w *watcher) concerns(p *Project, e fsnotify.Event) bool {
	name := filepath.Base(e.Name)
	switch {
	case e.Op == fsnotify.Chmod:
		return false
	case e.Name == profilesOf(p), name == jobs.SettingsFile:
		return true
	case filepath.Ext(name) == ".yaml", filepath.Ext(name) == ".yml":
		return !strings.HasPrefix(name, ".") // what editors put there for a moment
	case strings.HasPrefix(name, "..data"), slices.Contains(w.watched, e.Name): // ConfigMaps swap ..data
		return true
	}
	info, err := os.Stat(e.Name)
	return err == nil && info.IsDir()
}
