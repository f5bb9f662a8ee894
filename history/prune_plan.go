package history

import (
	"database/sql"
	"math"
	"slices"
	"time"

	"snrun/engine"
	"snrun/jobs"
)

const (
	activeSQL = `SELECT EXISTS (SELECT 1 FROM runs WHERE status IN ('queued', 'running'))`

	// The names are looked up one after the other: a job may have very many runs.
	jobsSQL = `WITH RECURSIVE names (job) AS (
			SELECT min(job) FROM runs
			UNION ALL SELECT (SELECT min(job) FROM runs WHERE job > names.job) FROM names WHERE job IS NOT NULL)
		SELECT job, (SELECT file FROM runs WHERE job = names.job ORDER BY run DESC LIMIT 1) FROM names WHERE job IS NOT NULL`

	nthRunSQL = `SELECT run FROM runs WHERE job = ? ORDER BY run DESC LIMIT 1 OFFSET ?`

	// lastOf is when a run ended, or the last time that is known of it.
	lastOf = `coalesce(ended, started, due)`
	isWell = `status IN ('ok', 'skipped')`

	// isToResume holds of the runs that a daemon goes on with when it starts.
	isToResume = `status = 'interrupted' AND daemon = 1`

	// mayGo holds of the runs r that a policy may delete.
	mayGo = `r.status NOT IN ('queued', 'running')
		AND EXISTS (SELECT 1 FROM runs n WHERE n.job = r.job AND n.run > r.run)
		AND (r.status <> 'ok' OR EXISTS (SELECT 1 FROM runs n WHERE n.job = r.job AND n.run > r.run AND n.status = 'ok'))
		AND NOT EXISTS (SELECT 1 FROM slots a WHERE a.run = r.id
			AND NOT EXISTS (SELECT 1 FROM slots b WHERE b.job = a.job AND b.inputs = a.inputs AND b.due > a.due))
		AND r.id NOT IN (SELECT run FROM state) AND r.run NOT IN (SELECT run FROM alerts)`

	doomedSQL = `SELECT r.id, r.run, r.job, r.status, ` + lastOf + ` FROM runs r
		WHERE r.job = ?1 AND r.run < ?2 AND (` + lastOf + ` < ?3 OR r.run < ?4) AND (` + isWell + ` OR ` + lastOf + ` < ?5) AND ` + mayGo + `
			AND NOT (` + isToResume + ` AND ` + lastOf + ` >= ?7) ORDER BY r.run LIMIT ?6`
	oldestSQL = `SELECT r.id, r.run, r.job, r.status, ` + lastOf + ` FROM runs r
		WHERE r.run > ?1 AND CASE WHEN ` + isWell + ` THEN 1 ELSE 0 END = ?2 AND ` + mayGo + ` AND NOT (` + isToResume + ` AND ` + lastOf + ` >= ?4) ORDER BY r.run LIMIT ?3`
)

const (
	// maxPlan is how many runs are chosen before they are deleted.
	maxPlan = 100_000
	// resumeTime is how long a run that was interrupted waits for a daemon to go on with it, or for a person to say how.
	resumeTime = 7 * 24 * time.Hour
)

// planner chooses the runs that have to go.
type planner struct {
	store  *Store
	policy Policy
	now    time.Time

	owned  []string // the jobs that the policy holds for, sorted; nil until they are looked up
	looked bool
	after  int // how many of them were gone through
	size   sizePlan
}

// doomed is a run that is to be deleted, as it was when it was chosen.
type doomed struct {
	number int64
	run    string
	job    string
	status string
	moment sql.NullInt64
}

// lookUp looks up for which jobs the policy holds.
func (p *planner) lookUp() error {
	if p.looked {
		return nil
	}
	rows, err := p.store.read.Query(jobsSQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var job, file string
		if err := rows.Scan(&job, &file); err != nil {
			return err
		}
		if p.policy.Owns == nil || p.policy.Owns(job, file) {
			p.owned = append(p.owned, job)
		}
	}
	slices.Sort(p.owned)
	p.looked = rows.Err() == nil
	return rows.Err()
}

// choose gives runs that have to go for their age or their number, at most maxPlan of them, in the order in which they are stored: runs of
// several jobs that stand together are then deleted together. It gives none when none is left.
func (p *planner) choose() ([]doomed, error) {
	if err := p.lookUp(); err != nil {
		return nil, err
	}
	var plan []doomed
	for p.after < len(p.owned) && len(plan) < maxPlan {
		job, limit := p.owned[p.after], maxPlan-len(plan)
		found, err := p.doomedOf(job, limit)
		if err != nil {
			return nil, err
		}
		plan = append(plan, found...)
		if len(found) < limit { // else there may be more once these are gone
			p.after++
		}
	}
	slices.SortFunc(plan, func(a, b doomed) int { return int(a.number - b.number) })
	return plan, nil
}

// doomedOf gives the runs of a job that have to go for their age or their number, the oldest first.
func (p *planner) doomedOf(job string, limit int) ([]doomed, error) {
	rule := p.policy.Keep.Of(job)
	beyond, err := p.beyond(job, rule)
	if err != nil {
		return nil, err
	}
	young, failed, before := int64(math.MinInt64), int64(math.MaxInt64), beyond
	if rule.Age > 0 {
		young = p.now.Add(-rule.Age).UnixMicro()
		before = max(before, engine.LowestID(p.now.Add(-rule.Age+time.Minute))) // none that began later is so old
	}
	if rule.Failed > 0 {
		failed = p.now.Add(-rule.Failed).UnixMicro()
	}
	if before == "" {
		return nil, nil
	}
	return p.query(doomedSQL, job, before, young, beyond, failed, limit, p.toResume())
}

// toResume is the time since which runs that a daemon may go on with are kept.
func (p *planner) toResume() int64 { return p.now.Add(-resumeTime).UnixMicro() }

// beyond gives the id below which the runs of a job are more than are kept, "" when none is.
func (p *planner) beyond(job string, rule jobs.KeepRule) (string, error) {
	if rule.Runs == 0 {
		return "", nil
	}
	var id string
	err := p.store.read.QueryRow(nthRunSQL, job, rule.Runs-1).Scan(&id)
	if err == sql.ErrNoRows {
		return "", nil
	}
	return id, err
}

// query reads doomed runs.
func (p *planner) query(query string, args ...any) ([]doomed, error) {
	rows, err := p.store.read.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []doomed
	for rows.Next() {
		var d doomed
		if err := rows.Scan(&d.number, &d.run, &d.job, &d.status, &d.moment); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// sizePlan is how far the oldest runs of all were gone through.
type sizePlan struct {
	after  string // the last one
	failed bool   // those that did not end well, which come last
	end    bool
}

// oldest gives the next few of the oldest runs of all, those that ended well first. It gives none when none is left.
func (p *planner) oldest(few int) ([]doomed, error) {
	if err := p.lookUp(); err != nil {
		return nil, err
	}
	var list []doomed
	for len(list) == 0 && !p.size.end {
		found, err := p.query(oldestSQL, p.size.after, !p.size.failed, few, p.toResume())
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			p.size.after = d.run
			if _, owned := slices.BinarySearch(p.owned, d.job); owned {
				list = append(list, d)
			}
		}
		if len(found) == 0 {
			p.size = sizePlan{failed: true, end: p.size.failed}
		}
	}
	return list, nil
}
