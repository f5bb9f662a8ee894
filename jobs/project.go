package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// Options are what a project is read with.
type Options struct {
	Kinds steps.Set // all kinds that steps may have, the language's own included
	// Secret says why a secret cannot be had, nil when it can. Nil: secrets are not looked for.
	Secret func(name string) error
}

// Project is a folder of jobs with its profiles and settings.
type Project struct {
	Dir      string
	Settings Settings
	Profiles map[string]*Profile // by name; nil where their file cannot be read
	Warnings source.Errors       // about the profiles, when they have no mistakes
	options  Options
	known    *known            // what reading one job leaves for the next
	texts    map[string]string // in place of files, by their full paths; see WithTexts

	keptNames map[string][]string // the files of those texts, sorted, by the names of their jobs
}

// FindProject gives the folder of the nearest settings file from dir upwards, else dir itself.
func FindProject(dir string) string {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, SettingsFile)); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// Open reads a project's profiles. Mistakes in them are an error of type source.Errors; jobs can be loaded all the same, to
// find further ones.
func Open(dir string, s Settings, o Options) (*Project, error) {
	p := &Project{Dir: dir, Settings: s, Profiles: map[string]*Profile{}, options: o, known: &known{}}
	file := p.path(s.Profiles)
	data, err := ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	d := newDecoder(o.Kinds, nil)
	p.Profiles = d.profilesFile(display(file), data)
	if err := d.err(); err != nil {
		return p, err
	}
	p.Warnings = d.r.All()
	return p, nil
}

// path gives a path of the settings, which is relative to the project.
func (p *Project) path(name string) string { return pathFrom(p.Dir, name) }

func pathFrom(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// Load reads and checks one job: by its name in the project, or by the path of its file. Mistakes are an error of type
// source.Errors, all of them at once.
func (p *Project) Load(ref string) (*Job, error) {
	file, err := p.Find(ref)
	if err != nil {
		return nil, err
	}
	data, err := p.read(file)
	if err != nil {
		return nil, err
	}
	d := newDecoder(p.options.Kinds, p.Profiles)
	d.library, d.known = newLibrary(p), p.known
	j := d.job(display(file), data)
	if j != nil {
		j.Secrets = d.secrets(p.options.Secret)
	}
	return j, d.err()
}

// Find gives the file of a job: by its name in the project, or by the path of its file.
func (p *Project) Find(ref string) (string, error) {
	if strings.ContainsAny(ref, `/\`) || isYAML(ref) {
		if _, kept := p.kept(ref); kept {
			return ref, nil
		}
		if info, err := os.Stat(ref); err != nil {
			return "", fmt.Errorf("there is no file %s", ref)
		} else if info.IsDir() {
			return "", fmt.Errorf("%s is a folder, not a job file", ref)
		}
		return ref, nil
	}
	named := p.named(ref)
	switch len(named) {
	case 0:
		return "", p.noJob(ref)
	case 1:
		return named[0], nil
	}
	return "", fmt.Errorf("%d jobs have the name %q: name one by its file, such as %s", len(named), ref, display(named[0]))
}

// named gives the files that hold a job of a name: of the texts that stand in for files, where there is one among them.
func (p *Project) named(name string) []string {
	named := p.keptAs(name)
	if len(named) > 0 {
		return named
	}
	for _, file := range p.Files() {
		if p.NameOf(file) == name {
			named = append(named, file)
		}
	}
	return named
}

func (p *Project) noJob(ref string) error {
	err := fmt.Errorf("there is no job %q in %s", ref, display(p.path(p.Settings.Jobs)))
	if near := steps.Nearest(ref, p.Names()); near != "" {
		err = fmt.Errorf("%w: did you mean %q?", err, near)
	}
	return err
}

// Names gives the names of the project's jobs, sorted by their files.
func (p *Project) Names() []string {
	var names []string
	for _, file := range p.Files() {
		names = append(names, p.NameOf(file))
	}
	return names
}

// Files gives the job files of the project, sorted: the YAML files below its folder of jobs but for profiles and settings.
func (p *Project) Files() []string {
	var files []string
	root := p.path(p.Settings.Jobs)
	if info, err := os.Stat(root); err == nil && info.IsDir() {
		root += string(filepath.Separator) // it may be a link, as in a folder that Kubernetes mounts
	}
	profiles, settings := p.path(p.Settings.Profiles), filepath.Join(p.Dir, SettingsFile)
	_ = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir() && file != root && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && isYAML(file) && file != profiles && file != settings:
			files = append(files, file)
		}
		return nil
	})
	sort.Strings(files)
	return files
}

func isYAML(file string) bool {
	ext := filepath.Ext(file)
	return ext == ".yaml" || ext == ".yml"
}

// NameOf gives a job's name without checking the job: the `name` in its file, else the file's base name.
func (p *Project) NameOf(file string) string {
	data, err := p.read(file)
	if err != nil {
		return baseName(file)
	}
	return nameIn(data, file)
}

// nameIn gives the name that a job's text has, as far as its first lines tell, else the one of its file.
func nameIn(data []byte, file string) string {
	for _, line := range strings.Split(string(data), "\n") {
		if name, found := strings.CutPrefix(line, "name:"); found {
			name, _, _ = strings.Cut(name, " #")
			return strings.Trim(strings.TrimSpace(name), `"'`)
		}
	}
	return baseName(file)
}

// display gives a path as a person would write it from here: relative where that is shorter.
func display(file string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(file) {
		return file
	}
	if rel, err := filepath.Rel(here, file); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return file
}
