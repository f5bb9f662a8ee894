package history

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"

	"snrun/engine"
)

// large is the size above which a value or a body is a blob: it is stored once, however often it comes.
const large = 16 << 10

const (
	blobSQL = `INSERT INTO blobs (digest, data) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING`

	// What nothing refers to any more once the rows of the journal that each names are gone.
	freeRowsSQL = `DELETE FROM blobs WHERE digest IN (
			SELECT digest FROM journal INDEXED BY journal_blobs WHERE id BETWEEN ?1 AND ?2 AND digest IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest AND NOT (id BETWEEN ?1 AND ?2))` + notShown
	freeBelowSQL = `DELETE FROM blobs WHERE digest IN (
			SELECT digest FROM journal WHERE digest IS NOT NULL AND ` + isBelow + `)
		AND NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest AND NOT (` + isBelow + `))` + notShown
	freeUnderSQL = `DELETE FROM blobs WHERE digest IN (
			SELECT digest FROM journal WHERE digest IS NOT NULL AND ` + isUnder + `)
		AND NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest AND NOT (` + isUnder + `))` + notShown
	freeKeptSQL = `DELETE FROM blobs WHERE digest IN (
			SELECT digest FROM journal WHERE run = ?1 AND key = ?2 AND digest IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM journal WHERE digest = blobs.digest AND NOT (run IS ?1 AND key = ?2))` + notShown
	notShown = `
		AND NOT EXISTS (SELECT 1 FROM exchanges WHERE request_digest = blobs.digest)
		AND NOT EXISTS (SELECT 1 FROM exchanges WHERE response_digest = blobs.digest)`
)

// value is what a row holds of a value: the value itself, or the blob that it is.
type value struct {
	data   []byte
	digest any // nil where data is all
	size   any
	blob   *row // puts the blob there
}

// valueOf gives what a row holds of data.
func valueOf(data []byte) value {
	if len(data) <= large {
		return value{data: data}
	}
	digest := sha256.Sum256(data)
	blob := rowOf(blobSQL, digest[:], data)
	return value{digest: digest[:], size: int64(len(data)), blob: &blob}
}

// stored is a value as it is read: in its row, or beside it.
type stored struct {
	inRow, digest, blob []byte
	size                sql.NullInt64
}

// data gives the value. It is an error when the blob is not what was stored.
func (v stored) data() ([]byte, error) {
	if v.digest == nil {
		return v.inRow, nil
	}
	if v.blob == nil {
		return nil, fmt.Errorf("%w: a value of %d bytes is missing: %s", engine.ErrDamaged, v.size.Int64, damagedAdvice)
	}
	if digest := sha256.Sum256(v.blob); !bytes.Equal(digest[:], v.digest) {
		return nil, fmt.Errorf("%w: a value of %d bytes is not what was stored: %s", engine.ErrDamaged, v.size.Int64, damagedAdvice)
	}
	return v.blob, nil
}
