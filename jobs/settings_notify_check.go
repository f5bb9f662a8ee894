package jobs

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"snrun/jobs/source"
	"snrun/steps"
)

// CheckNotify finds what is wrong with the targets of `notify` beside the rest of the project: profiles and jobs that there are not,
// and secrets that cannot be had. The mistakes are an error of type source.Errors; with warnings alone it is nil, and they are given.
func (p *Project) CheckNotify() (warnings source.Errors, err error) {
	d := newDecoder(p.options.Kinds, p.Profiles)
	var names []string
	for _, t := range p.Settings.Notify {
		if len(t.Jobs) > 0 && names == nil {
			names = p.Names()
		}
		d.targetProfile(t)
		d.targetJobs(t, names)
		d.used.secrets = append(d.used.secrets, t.used.secrets...)
		if p.Profiles[t.Profile] != nil {
			d.used.secrets = append(d.used.secrets, p.Profiles[t.Profile].used.secrets...)
		}
	}
	d.secrets(p.options.Secret)
	if err := d.err(); err != nil {
		return nil, err
	}
	return d.r.All(), nil
}

// targetProfile checks that the profile of a target is there, and says where its path leads.
func (d *decoder) targetProfile(t *Notify) {
	if t.Profile == "" || d.profiles == nil {
		return
	}
	p := d.profiles[t.Profile]
	if p == nil {
		d.r.Errorf(d.at(t.node, "profile"), "there is no profile %q", t.Profile).Hint = steps.Hint(t.Profile, sortedKeys(d.profiles))
		return
	}
	text, isKnown := t.fields.known()["url"].(string)
	if u, err := url.Parse(text); isKnown && err == nil && u.Scheme == "" && !p.rest.known().Has("base_url") {
		d.r.Errorf(d.at(t.node, "url"), "profile %s has no base_url to join the path to", t.Profile).Hint = "write the whole URL"
	}
}

// targetJobs checks that there are jobs of the names, or like the patterns.
func (d *decoder) targetJobs(t *Notify, names []string) {
	for i, pattern := range t.Jobs {
		if slices.ContainsFunc(names, func(name string) bool { fits, _ := path.Match(pattern, name); return fits }) {
			continue
		}
		at := d.at(t.node, fmt.Sprintf("jobs[%d]", i))
		if !strings.ContainsAny(pattern, `*?[\`) {
			d.r.Errorf(at, "there is no job %q", pattern).Hint = steps.Hint(pattern, names)
			continue
		}
		reported := d.r.Errorf(at, "no job has a name like %s", pattern)
		reported.Warning = true
	}
}
