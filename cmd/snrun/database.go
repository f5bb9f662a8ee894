package main

import (
	"net/url"
	"path/filepath"
	"regexp"

	"snrun/auth/store/postgres"
	"snrun/history/words"
	"snrun/jobs"
)

// databaseAt gives what a flag or a setting names as the database, as seen from a folder: the address of a PostgreSQL database as it is
// written, else a file.
func databaseAt(dir, text string) string {
	if text == "" || postgres.IsAddress(text) {
		return text
	}
	return within(dir, text)
}

// checked gives a database as it is opened. What is wrong with the address of one is an error; its password is masked from here on,
// wherever it was found.
func (a *app) checked(database string) (string, error) {
	if !postgres.IsAddress(database) {
		return database, nil
	}
	a.hidePasswords(database)
	address, err := postgres.Parse(database)
	if err != nil {
		return "", usageError("it is named by --db, "+databaseVariable+" or database in snrun.yaml", "the address of the database: %w", err)
	}
	a.redactor.Add(address.Password())
	return database, nil
}

// addressPassword finds the password in an address, also in one that is none.
var addressPassword = regexp.MustCompile(`(?i)postgres(?:ql)?://[^\s:/@]*:([^\s"']*)@`)

// hidePasswords masks the passwords of all addresses in a text.
func (a *app) hidePasswords(text string) {
	for _, found := range addressPassword.FindAllStringSubmatch(text, -1) {
		a.redactor.Add(found[1])
		if plain, err := url.PathUnescape(found[1]); err == nil {
			a.redactor.Add(plain)
		}
	}
}

// shownDatabase names a database in messages.
func shownDatabase(database string) string {
	if address, err := postgres.Parse(database); err == nil {
		return address.String()
	}
	return database
}

// typedDatabase gives a database as an argument of --db: without a password, which who types it has given elsewhere.
func typedDatabase(database string) string {
	if address, err := postgres.Parse(database); err == nil {
		return words.Argument(address.URL())
	}
	return words.Argument(database)
}

// absoluteDatabase is databaseAt as seen from here.
func absoluteDatabase(text string) string {
	if text == "" || postgres.IsAddress(text) || filepath.IsAbs(text) {
		return text
	}
	return absolute(text)
}

// hideSettings masks the passwords of the addresses in the settings of a project, which could not be read.
func (a *app) hideSettings(dir string) {
	if data, err := jobs.ReadFile(filepath.Join(dir, jobs.SettingsFile)); err == nil {
		a.hidePasswords(string(data))
	}
}
