package history

import (
	"database/sql"
	"errors"
	"time"

	"snrun/engine"
)

// So many notices of one target wait at most, and so many that were given up are kept.
const (
	maxPosts   = 1000
	maxGivenUp = 200
)

const (
	postColumns = `id, target, notice, posted, attempts, next, error`
	postsSQL    = `SELECT ` + postColumns + ` FROM notices ORDER BY id`
	// Only the oldest may go out: what comes behind it must not overtake it, also by another process.
	nextPostSQL = `SELECT ` + postColumns + ` FROM notices WHERE target = ? AND next IS NOT NULL ORDER BY id LIMIT 1`

	postSQL = `INSERT INTO notices (target, notice, posted, next) VALUES (?, ?, ?, ?)`
	tooMany = `UPDATE notices SET next = NULL, error = 'too many newer ones were waiting' WHERE target = ? AND id <=
		(SELECT id FROM notices WHERE target = ? AND next IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?) AND next IS NOT NULL`
	givenUpSQL = `DELETE FROM notices WHERE next IS NULL AND id <=
		(SELECT id FROM notices WHERE next IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?)`
	countPosts   = `SELECT count(*) FROM notices WHERE next IS NOT NULL`
	isNextSQL    = `SELECT EXISTS (SELECT 1 FROM notices WHERE id = ? AND next = ?)`
	claimPostSQL = `UPDATE notices SET next = ?, attempts = attempts + 1 WHERE id = ?`
	deliveredSQL = `DELETE FROM notices WHERE id = ?`
	putOffSQL    = `UPDATE notices SET next = ?, error = ? WHERE id = ?`
	giveUpSQL    = `UPDATE notices SET next = NULL, error = CASE error WHEN '' THEN ? ELSE error END WHERE posted < ? AND next IS NOT NULL`
)

// errTaken is why a notice could not be claimed.
var errTaken = errors.New("another process sends it")

// Post posts notices. Where more than a thousand of a target wait the oldest are given up.
func (s *Store) Post(posts []engine.Post) error {
	return s.post("post notices", postRows(posts, nil), posts)
}

// post commits rows, and gives up what is too much for the targets of posts.
func (s *Store) post(doing string, rows []row, posts []engine.Post) error {
	for _, p := range posts {
		rows = append(rows, rowOf(tooMany, p.Target, p.Target, maxPosts))
	}
	if s.writer == nil {
		return s.onlyReading(doing)
	}
	return s.place.fault(doing, s.writer.commit(false, append(rows, rowOf(givenUpSQL, maxGivenUp))...))
}

// postRows gives the rows that post notices, when a query says so; nil: always.
func postRows(posts []engine.Post, when *row) []row {
	var rows []row
	for _, p := range posts {
		r := rowOf(postSQL, p.Target, string(p.Notice), p.Posted, p.Posted)
		r.when = when
		rows = append(rows, r)
	}
	return rows
}

// NextPost gives the notice that a target is to get next, which may have to wait for its time; nil where there is none.
func (s *Store) NextPost(target string) (*engine.Post, error) {
	p, err := scanPost(s.read.QueryRow(nextPostSQL, target))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return p, s.place.fault("read the notices", err)
}

// ClaimPost takes a notice that NextPost gave, to send it: nobody else does so before the time given. It is false where another
// process was first.
func (s *Store) ClaimPost(p *engine.Post, until time.Time) (bool, error) {
	still := rowOf(isNextSQL, p.ID, p.Next)
	claim := rowOf(claimPostSQL, until, p.ID)
	claim.when, claim.otherwise = &still, errTaken
	err := s.writer.commit(false, claim)
	if errors.Is(err, errTaken) {
		return false, nil
	}
	return err == nil, s.place.fault("claim a notice", err)
}

// Delivered forgets a notice that has reached its target.
func (s *Store) Delivered(id int64) error {
	return s.place.fault("record a notice as delivered", s.writer.commit(false, rowOf(deliveredSQL, id)))
}

// PutOff records why a notice did not reach its target, and when it is tried again: never, where next is zero.
func (s *Store) PutOff(id int64, next time.Time, why string) error {
	return s.place.fault("put a notice off", s.writer.commit(false, rowOf(putOffSQL, next, why, id)))
}

// GiveUp gives up all notices that were posted before a time, also those of targets that there are no more.
func (s *Store) GiveUp(before time.Time) error {
	return s.place.fault("give up old notices", s.writer.commit(false, rowOf(giveUpSQL, "nobody sent it in time", before)))
}

// WaitingPosts counts the notices that wait for their delivery.
func (s *Store) WaitingPosts() (count int, err error) {
	err = s.read.QueryRow(countPosts).Scan(&count)
	return count, s.place.fault("count the notices", err)
}

// Posts gives all notices that wait or were given up, the oldest first.
func (s *Store) Posts() ([]engine.Post, error) {
	const doing = "read the notices"
	rows, err := s.read.Query(postsSQL)
	if err != nil {
		return nil, s.place.fault(doing, err)
	}
	defer rows.Close()
	var list []engine.Post
	for rows.Next() {
		p, err := scanPost(rows)
		if err != nil {
			return nil, s.place.fault(doing, err)
		}
		list = append(list, *p)
	}
	return list, s.place.fault(doing, rows.Err())
}

func scanPost(from scanner) (*engine.Post, error) {
	p := &engine.Post{}
	var posted int64
	var next sql.NullInt64
	err := from.Scan(&p.ID, &p.Target, &p.Notice, &posted, &p.Attempts, &next, &p.Error)
	p.Posted, p.Next = time.UnixMicro(posted).UTC(), moment(next)
	return p, err
}
