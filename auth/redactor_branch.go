package auth

// Branch gives a Redactor that masks all that r does, and all of its other branches. What is added through it is masked everywhere, until
// the branch is cut off: a process that lives for months does not collect the secrets of each run.
func (r *Redactor) Branch() *Redactor { return &Redactor{trunk: r.stem(), known: make(map[string]int)} }

// CutOff has what was added through a branch be masked no more, but for what others have added too. Of a Redactor that is no branch
// nothing is taken.
func (r *Redactor) CutOff() {
	if r.trunk == nil {
		return
	}
	r.mu.Lock()
	held := r.known
	r.known = make(map[string]int)
	r.mu.Unlock()
	for secret := range held {
		r.trunk.forget(secret)
	}
}

// stem is the Redactor that has the secrets of a branch.
func (r *Redactor) stem() *Redactor {
	if r.trunk != nil {
		return r.trunk
	}
	return r
}

// hold adds a secret through a branch, which counts how often: once is enough for the others.
func (r *Redactor) hold(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[secret]++; r.known[secret] == 1 {
		r.trunk.Add(secret)
	}
}

// drop undoes one hold.
func (r *Redactor) drop(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[secret] == 0 { // the branch was cut off since
		return
	}
	if r.known[secret]--; r.known[secret] == 0 {
		delete(r.known, secret)
		r.trunk.forget(secret)
	}
}
