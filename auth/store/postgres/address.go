// Package postgres is how snrun opens a PostgreSQL database: by an address that keeps its password to itself, with connections that
// notice within seconds that the other end is gone, and with errors that a person can act on.
//
// The files:
//
//	address     what is written after database: and --db, and what is wrong with it
//	connect     connections
//	timeout     how long what was sent may stay unanswered, where the system can be told
//	schema      the schema that all tables are in, and the keys of locks in it
//	errors      what an error amounts to
package postgres

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DefaultSchema is the schema of an address that names none.
const DefaultSchema = "snrun"

// Address says which database snrun uses, and which schema in it. It prints without its password.
type Address struct {
	config *pgx.ConnConfig
	schema string
	url    string // without its password
}

// IsAddress says whether a text is meant as the address of a PostgreSQL database, not as the name of a file.
func IsAddress(text string) bool {
	scheme, _, ok := strings.Cut(text, ":")
	return ok && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// example is what errors propose.
const example = "postgres://USER@HOST:5432/DATABASE"

// schemaName is a name that needs no quotes in PostgreSQL, and is cut nowhere.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Parse reads postgres://USER@HOST:PORT/DATABASE, with the parameters that libpq knows (sslmode, sslrootcert …) and the schema, which
// is ours. What it does not say is from the variables of libpq: PGPASSWORD, PGPASSFILE, PGSSLMODE and so on. An error never has the
// password, nor a text that could be a part of it.
func Parse(text string) (Address, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return Address{}, errors.New("it is no address of a database: write " + example)
	}
	if strings.Contains(rest, "#") {
		return Address{}, errors.New("it has a #, which a password has as %23: better leave the password to PGPASSWORD or PGPASSFILE")
	}
	base, query, _ := strings.Cut(rest, "?")
	schema, params, err := takeSchema(query)
	if err != nil {
		return Address{}, err
	}
	config, err := pgx.ParseConfig(join(scheme, base, params))
	if err != nil {
		return Address{}, mistake(err, base, params)
	}
	if err := check(config); err != nil {
		return Address{}, err
	}
	shown := withoutPassword(params)
	if schema != DefaultSchema {
		shown = append(shown, "schema="+schema)
	}
	return Address{settle(config, schema), schema, join(scheme, withoutUserPassword(base), shown)}, nil
}

// takeSchema splits the parameters of an address, and takes the schema out of them.
func takeSchema(query string) (schema string, others []string, err error) {
	schema = DefaultSchema
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "":
		case "schema":
			if schema = value; !schemaName.MatchString(value) || strings.HasPrefix(value, "pg_") {
				return "", nil, fmt.Errorf("the schema %q is no plain name: lower-case letters, digits and _, 63 at most, not beginning with pg_", value)
			}
		case "search_path":
			return "", nil, errors.New("it has a search_path: write schema=NAME, all of snrun's tables are in one")
		case "sslpassword":
			return "", nil, errors.New("it has an sslpassword, which is better left to PGSSLPASSWORD")
		default:
			others = append(others, part)
		}
	}
	return schema, others, nil
}

func join(scheme, base string, query []string) string {
	text := scheme + "://" + base
	if len(query) > 0 {
		text += "?" + strings.Join(query, "&")
	}
	return text
}

// withoutUserPassword takes the password out of USER:PASSWORD@HOST/DATABASE.
func withoutUserPassword(base string) string {
	authority, path, _ := strings.Cut(base, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, _, _ := strings.Cut(authority[:at], ":")
		authority = user + authority[at:]
	}
	return authority + "/" + path
}

// withoutPassword leaves the parameters out that are a password.
func withoutPassword(query []string) []string {
	return slices.DeleteFunc(slices.Clone(query), func(part string) bool {
		name, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		return err != nil || name == "password"
	})
}

// mistake says what is wrong with an address in words that quote nothing which could be a part of a password.
func mistake(err error, base string, query []string) error {
	authority, _, _ := strings.Cut(base, "/")
	for _, part := range query {
		if name, value, _ := strings.Cut(part, "="); name == "sslmode" && !slices.Contains(sslModes(), value) {
			return fmt.Errorf("sslmode is %q: write one of %s", value, strings.Join(sslModes(), ", "))
		}
	}
	_, ok := errors.AsType[*pgconn.ParseConfigError](err)
	if cause := errors.Unwrap(err); ok && cause != nil && !strings.Contains(authority, ":") {
		return fmt.Errorf("it is no address of a database: %w: write %s", cause, example)
	}
	return errors.New("it is no address of a database: write " + example +
		"; a character such as / @ : % in a password is written as %2F %40 %3A %25, better leave the password to PGPASSWORD or PGPASSFILE")
}

func sslModes() []string {
	return []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
}

// check finds what the driver lets pass, and the server would refuse later in its own words.
func check(config *pgx.ConnConfig) error {
	if config.Database == "" {
		return errors.New("it names no database: write " + example)
	}
	for _, name := range slices.Sorted(maps.Keys(config.RuntimeParams)) {
		switch name {
		case "application_name", "options", "timezone":
		default:
			return fmt.Errorf("it has the parameter %q, which there is not: the parameters are those of libpq (sslmode, sslrootcert, connect_timeout …), and schema", name)
		}
	}
	return nil
}

// String names the database for a person: HOST:PORT/DATABASE, with the schema where that is another than usual.
func (a Address) String() string {
	if a.config == nil {
		return ""
	}
	text := net.JoinHostPort(a.config.Host, strconv.Itoa(int(a.config.Port))) + "/" + a.config.Database
	if a.schema != DefaultSchema {
		text += "?schema=" + a.schema
	}
	return text
}

// URL gives the address as Parse takes it, without its password: for a command that a person is told to type.
func (a Address) URL() string { return a.url }

// Schema is the schema that snrun's tables are in, a plain name.
func (a Address) Schema() string { return a.schema }

// Password gives the password, from wherever it is, for what masks it in all that is written; "" where there is none.
func (a Address) Password() string {
	if a.config == nil {
		return ""
	}
	return a.config.Password
}

// IsZero says that this is no address.
func (a Address) IsZero() bool { return a.config == nil }
