package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// MakeSchema makes the schema of the address where it is missing; several processes may do so at once. Where it is there nothing is
// asked for that a user without the right to make one has not.
func (a Address) MakeSchema(ctx context.Context, c *pgx.Conn) error {
	var there bool
	err := c.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", a.schema).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{a.schema}.Sanitize())
	// IF NOT EXISTS does not see what another transaction is just making.
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && (e.Code == uniqueViolation || e.Code == duplicateSchema) {
		return nil
	}
	return err
}

const (
	uniqueViolation = "23505"
	duplicateSchema = "42P06"
)

// LockKey gives the key of an advisory lock for what the names say, in this schema: such locks are of the whole database.
func (a Address) LockKey(names ...string) int64 {
	h := sha256.New()
	for _, name := range append([]string{"snrun", a.schema}, names...) {
		h.Write(binary.AppendUvarint(nil, uint64(len(name))))
		h.Write([]byte(name))
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}
