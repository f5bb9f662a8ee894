package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snrun/auth"
	"snrun/history/review"
	"snrun/history/words"
	"snrun/jobs"
	"snrun/steps"
)

// Borrowed is a profile with its secrets filled in, and the keyring that runs have which begin now: what is done to it they see.
type Borrowed struct {
	auth.Profile
	*auth.Keyring
	Masks *auth.Redactor // knows the profile's secrets

	clients *clients
}

// Borrow gives a profile of the project. Whoever has it gives it back. The error is a *review.Refusal.
func (d *Daemon) Borrow(ctx context.Context, name string) (*Borrowed, error) {
	project, why := d.usable()
	if why != nil {
		return nil, why
	}
	profile, there := project.Profiles[name]
	if !there {
		return nil, &review.Refusal{Reason: review.Unknown, Message: "the project has no profile " + words.Argument(name)}
	}
	b := &Borrowed{Masks: d.Redactor.Branch()}
	if err := d.fill(ctx, project, profile, b); err != nil {
		why := unfilled(name, err)
		why.Message, why.Hint = b.Masks.Text(why.Message), b.Masks.Text(why.Hint) // nobody else may know what it quotes
		b.Masks.CutOff()
		return nil, why
	}
	b.Keyring = b.clients.held[name].Keyring
	return b, nil
}

// fill gives a profile its secrets, and its keyring.
func (d *Daemon) fill(ctx context.Context, project *Project, profile *jobs.Profile, b *Borrowed) error {
	secrets, from := map[string]any{}, project.Secrets(b.Masks)
	for _, name := range profile.Secrets() {
		secret, err := from.Lookup(ctx, name)
		if err != nil {
			return fmt.Errorf("profile %s: %w", profile.Name, err)
		}
		secrets[name] = secret.Reveal()
	}
	profiles, err := project.SignIns([]string{profile.Name}, map[string]any{"env": d.Env, "secret": secrets}, b.Masks.AddDerived)
	if err != nil {
		return err
	}
	if b.clients, err = d.keyrings.borrow(profiles, project.Digest); err != nil {
		return err
	}
	b.Profile = profiles[0]
	if err := d.signInFirst(ctx, b.clients, profiles); err != nil {
		b.clients.giveBack()
		return err
	}
	return nil
}

// unfilled is the Refusal where a profile cannot be used.
func unfilled(name string, err error) *review.Refusal {
	why := &review.Refusal{Reason: review.Invalid, Message: err.Error(), Hint: jobs.SecretHint(err), Cause: err}
	if step, is := errors.AsType[*steps.Error](err); is && step.Hint != "" {
		why.Hint = step.Hint
	}
	why.Message = orWord(why.Message, "the profile "+name+" cannot be used")
	return why
}

// GiveBack ends the use of what was borrowed. Texts must have been masked by then.
func (b *Borrowed) GiveBack() {
	b.clients.giveBack()
	b.Masks.CutOff()
}

// ResetOthers has the keyrings forget their tokens that runs have in which the profile was filled in otherwise.
func (b *Borrowed) ResetOthers(ctx context.Context) error {
	var errs []error
	for _, s := range b.clients.keyrings.of(b.Profile.Name) {
		if s.Keyring != b.Keyring {
			_, err := s.Reset(ctx, b.Profile.Name)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// of gives the keyrings of a profile.
func (k *keyrings) of(profile string) []*sharedKeyring {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []*sharedKeyring
	for _, s := range k.shared {
		if s.profile == profile {
			list = append(list, s)
		}
	}
	return list
}

// notFilled is why a profile could not be used a moment ago: commands that give secrets are not run for each page anew.
type notFilled struct {
	err     error
	edition string
	at      time.Time
}

// fillEach is how long it is taken for granted that a profile cannot be used.
const fillEach = 30 * time.Second

// SignInStatus tells how it stands with the sign-in of a profile, as the runs know that begin now. Filled says whether the profile has all that
// it needs; where it has not, the error says what is missing.
func (d *Daemon) SignInStatus(ctx context.Context, name string) (s auth.Status, filled bool, err error) {
	project := d.library.Project()
	if keys := d.keyrings.current(name, project.Digest); keys != nil {
		s, err = keys.Status(name)
		return s, true, err
	}
	d.unfilled.mu.Lock()
	before, known := d.unfilled.of[name]
	d.unfilled.mu.Unlock()
	if known && before.edition == project.Digest && time.Since(before.at) < fillEach {
		return auth.Status{}, false, before.err
	}
	b, err := d.Borrow(ctx, name)
	if err != nil {
		d.unfilled.mu.Lock()
		defer d.unfilled.mu.Unlock()
		if d.unfilled.of == nil {
			d.unfilled.of = map[string]notFilled{}
		}
		d.unfilled.of[name] = notFilled{err, project.Digest, time.Now()}
		return auth.Status{}, false, err
	}
	defer b.GiveBack()
	s, err = b.Status(name)
	return s, true, err
}

// current gives the newest keyring of a profile where it was made for an edition of the profiles' file; nil where it was not.
func (k *keyrings) current(profile, edition string) *auth.Keyring {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.newest[profile]; s != nil && s.edition == edition {
		return s.Keyring
	}
	return nil
}
