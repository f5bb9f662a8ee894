package history

import (
	"maps"
	"slices"
	"time"
)

// auditMemory is how long the audit is kept at least, where runs have to go.
const auditMemory = 365 * 24 * time.Hour

const (
	auditSQL  = `INSERT INTO audit (at, who, role, origin, action, subject, outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	auditsSQL = `SELECT id, at, who, role, origin, action, subject, outcome, detail FROM audit
		WHERE (?1 = 0 OR id < ?1) AND (?2 = '' OR subject = ?2) AND (?3 = '' OR who = ?3) AND (?4 = '' OR action = ?4) ORDER BY id DESC LIMIT ?5`
	// Of the oldest rows those that are not kept any more: there is no index by time, and their ids go by it.
	dropAudits = `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?) AND at < ?`
)

// Audit is something that a person did on the pages or through the API, or was not let do.
type Audit struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	Role    string    `json:"role"`    // viewer or operator; "" for who is not known
	Origin  string    `json:"origin"`  // the address that they came from
	Action  string    `json:"action"`  // resume, retry, cancel, rerun, run, pause, unpause, test, reset, sign_in …
	Subject string    `json:"subject"` // run:ID, job:NAME or profile:NAME; "" for none
	Outcome string    `json:"outcome"` // done, refused or failed
	Detail  string    `json:"detail"`  // what with, or why not
}

// What became of what a person wanted.
const (
	AuditDone    = "done"
	AuditRefused = "refused"
	AuditFailed  = "failed"
)

// AuditFilter says which rows of the audit to list.
type AuditFilter struct {
	Subject string // only what was done to this
	Who     string // only what this person did
	Action  string // only this
	Limit   int    // at most so many; 0 is 50
}

// Audit puts a row into the audit. It is durable when it returns nil.
func (s *Store) Audit(a Audit) error {
	return s.change("record who did what", func(c *conn) error {
		return c.exec(rowOf(auditSQL, a.At, a.Who, a.Role, a.Origin, a.Action, a.Subject, a.Outcome, a.Detail))
	})
}

// Audits lists what people did, the newest first: that before a row by its id, or with 0 from the newest on.
func (s *Store) Audits(f AuditFilter, before int64) ([]Audit, error) {
	const doing = "look up who did what"
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, err := s.read.Query(auditsSQL, before, f.Subject, f.Who, f.Action, limit)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	list := []Audit{}
	for rows.Next() {
		var a Audit
		var at int64
		if err := rows.Scan(&a.ID, &at, &a.Who, &a.Role, &a.Origin, &a.Action, &a.Subject, &a.Outcome, &a.Detail); err != nil {
			return nil, s.place.fault(doing, err)
		}
		a.At = time.UnixMicro(at).UTC()
		list = append(list, a)
	}
	return list, s.place.fault(doing, rows.Err())
}

// audits drops rows of the audit: those that are older than a year, and than any run is kept.
func (p *Pruner) audits() (more bool, err error) {
	oldest := auditMemory
	for _, rule := range append(slices.Collect(maps.Values(p.policy.Keep.Jobs)), p.policy.Keep.KeepRule) {
		oldest = max(oldest, rule.Age, rule.Failed)
	}
	err = p.hold(func(time.Time) error {
		if err := p.conn.exec(rowOf(dropAudits, few, p.now.Add(-oldest))); err != nil {
			return err
		}
		more, err = p.conn.changed()
		return err
	})
	return more, err
}
