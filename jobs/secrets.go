package jobs

import (
	"errors"
	"fmt"
	"strings"

	"snrun/auth"
	"snrun/jobs/source"
	"snrun/steps"
)

// usage is what a job turned out to need.
type usage struct {
	profiles map[string]bool
	secrets  []use
	env      []use
}

// use is one place where a secret or a variable of the environment is read.
type use struct {
	name string
	node *source.Node
}

// variables gives the names of the variables that are read, sorted.
func (u *usage) variables() []string {
	names := map[string]bool{}
	for _, use := range u.env {
		names[use.name] = true
	}
	delete(names, "*")
	return sortedKeys(names)
}

// note keeps account of the secrets and variables that are read below a node.
func (d *decoder) note(n *source.Node, uses *Uses) {
	for _, name := range uses.Fields("env") {
		d.used.env = append(d.used.env, use{name, n})
	}
	for _, name := range uses.Fields("secret") {
		if name == "*" {
			at, offset := d.placeOf(n, "secret")
			d.r.ErrorAt(at, offset, len("secret"), "a secret is read by its name, so that a run knows before it starts which ones it needs").Hint = "write secret.NAME"
			continue
		}
		d.used.secrets = append(d.used.secrets, use{name, n})
	}
}

// secrets names the secrets that the job read so far needs, and reports those that cannot be had, each at its first place.
func (d *decoder) secrets(lookup func(string) error) []string {
	uses := d.used.secrets
	for _, name := range sortedKeys(d.used.profiles) {
		uses = append(uses, d.profiles[name].used.secrets...)
	}
	needed := map[string]bool{}
	for _, use := range uses {
		if needed[use.name] || lookup == nil {
			needed[use.name] = true
			continue
		}
		needed[use.name] = true
		if err := lookup(use.name); err != nil {
			d.missingSecret(use, err)
		}
	}
	return sortedKeys(needed)
}

func (d *decoder) missingSecret(use use, err error) {
	text := "secret." + use.name
	at, offset := d.placeOf(use.node, text)
	if offset < 0 { // written as secret["NAME"]
		text = use.name
		at, offset = d.placeOf(use.node, text)
	}
	d.r.ErrorAt(at, offset, len(text), "%s", err).Hint = SecretHint(err)
}

// SecretHint is what to do about a secret that cannot be had, "" where that is not known: to write the name of one that is
// there, or what the error advises.
func SecretHint(err error) string {
	var helpful interface{ Help() string }
	if !errors.As(err, &helpful) {
		return ""
	}
	missing, ok := errors.AsType[*auth.MissingSecretError](err)
	if !ok {
		return helpful.Help()
	}
	if near := steps.Nearest(missing.Name, missing.Known); near != "" {
		return fmt.Sprintf("did you mean %q? else %s", near, missing.Help())
	}
	return missing.Help()
}

// Secrets names the secrets that the profile reads, sorted.
func (p *Profile) Secrets() []string { return p.used.secretNames() }

// secretNames gives the names of the secrets that are read, sorted.
func (u *usage) secretNames() []string {
	names := map[string]bool{}
	for _, use := range u.secrets {
		names[use.name] = true
	}
	return sortedKeys(names)
}

// placeOf finds the scalar at or below n in which a text stands, and where in it; n itself and -1 where there is none.
func (d *decoder) placeOf(n *source.Node, text string) (*source.Node, int) {
	if n.Form() == source.Scalar {
		return n, strings.Index(n.Text(), text)
	}
	for _, c := range d.childrenOf(n) {
		if at, offset := d.placeOf(c, text); offset >= 0 {
			return at, offset
		}
	}
	return n, -1
}
