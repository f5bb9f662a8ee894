// Package auth signs requests in: it knows the profiles, gets and keeps their tokens, puts credentials on requests, and
// takes care that neither shows where it should not.
//
// A Keyring gives an HTTP client for each profile. Its credentials go to the profile's origins and nowhere else. A Redactor
// masks secrets wherever output leaves the process; Secrets finds their values. The package knows no YAML: a SignInType
// describes its params, from which the language decodes, checks and documents an `auth:` mapping.
//
// The files, by the first word of their names:
//
//	profile, check      what a profile says, and what is wrong with it
//	keyring, status     all profiles of a process, and how it stands with their sign-ins
//	wire                what carries requests: TLS, client certificates, proxies, and whose origin gets credentials
//	dry                 clients that tell of requests in place of sending them
//	limit               what holds requests back: the profile's own limits, here or with other processes, and servers that ask to wait
//	traceparent         the header that says which span a request is made in
//	signin, signer      the ways to sign in, and what puts them on requests; a file for each way
//	oauth2, grant       the way that has tokens: its params, and a file for each grant
//	token               how a profile has a token at any time: flights, renewals, and the record that is kept
//	exchange, answer    one request for a token, and what comes back
//	discovery, revoke   what else an authorization server is asked
//	client_auth, assertion, private_key
//	                    how the client shows that server who it is
//	login               how a person signs in
//	error               what is told of a sign-in that failed, and its causes
//	secret, secrets     values that are never shown, and where they come from
//	redactor            what masks them
package auth
