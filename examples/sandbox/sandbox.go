// Package sandbox is a small ServiceNow-like instance on loopback, for the first run, the examples and the tests.
//
// It is faithful in the parts it has and has no others:
//
//   - the token endpoint /oauth_token.do with the grants password, client_credentials, authorization_code and refresh_token,
//     the page with the button /oauth_auth.do, and /oauth_revoke_token.do;
//   - what the instance has not, to try it all the same: the device flow at /oauth_device.do and /oauth_device_verify.do, and
//     metadata at /.well-known/oauth-authorization-server;
//   - the Table API under /api/now, /api/now/v1 and /api/now/v2, and the Attachment API beside it; its table cmdb_ci has as many
//     records as Options.Records say, a million if need be;
//   - the direct web service of every other table: /{table}.do?WSDL, and /{table}.do?SOAP with insert, update, get, getRecords,
//     getKeys and deleteRecord, 250 records at a time;
//   - a second, plain API to send to: /oncall/v1/alerts, /oncall/v1/engineers, /chat/hook, /files/{name}, /flaky/{key};
//   - a gateway for text messages at /sms/v1/messages, which takes 20 requests a second;
//   - a data warehouse at /warehouse/v1: sets/{set}/rows takes rows in batches, exports writes files while the client waits,
//     and sites, departments and changes are lists that are paged by number, by the address of the next page and by the last id;
//   - /sandbox/faults and /sandbox/requests, which make it fail on demand and tell what it was asked;
//   - /sandbox/stored, which tells what came to the warehouse and the gateway, and how often;
//   - /sandbox/expire and /sandbox/revoke, which end all access tokens, or all tokens.
//
// As an authorization server it is strict: state and PKCE with S256 are demanded, a code works once and for a minute, a spent
// refresh token ends all that came of its login. It asks for no password: whoever presses the button is Options.User.
//
// What it leaves out: access control lists, business rules (a priority is kept as it was sent), time zones of users,
// `javascript:` values in queries, XML bodies of the Table API, and in SOAP views and operators before a field's value. Its data is
// the same on every start and knows no clock: a record that is written gets the time of the write before it and one second. Only
// secrets and tokens are random.
package sandbox

import (
	"crypto/rand"
	"net/http"
	"time"
)

// The names that are no secrets, where Options give no others.
const (
	DefaultClientID = "snrun"
	DefaultUser     = "integration.user"
)

const (
	defaultIncidents = 250
	defaultLifetime  = 1799 * time.Second
	defaultRefresh   = 100 * 24 * time.Hour
	defaultInterval  = 5 * time.Second
)

// Options settle what a sandbox serves. The zero value is a sandbox with 250 incidents and secrets of its own.
type Options struct {
	// Addr is where Start listens, a loopback address; "" is any free port of 127.0.0.1.
	Addr string
	// Incidents is how many incidents there are, 250 when 0 and none when negative. 37 of 250 have priority 1.
	Incidents int
	// Records is how many records the table cmdb_ci has, 10,000 when 0 and none when negative. They are made as they are asked for.
	Records int
	// Tables are further tables, or rows added to the tables that are there. The columns are those of the rows.
	Tables map[string][]map[string]string

	ClientID, User                    string // DefaultClientID and DefaultUser when empty
	ClientSecret, Password, OncallKey string // random when empty

	// TokenLifetime is how long an access token is accepted, 1799 seconds when 0. `expires_in` is rounded up to seconds.
	TokenLifetime time.Duration
	// RefreshLifetime is how long a refresh token is accepted, 100 days when 0. The answer does not tell, as the instance's does not.
	RefreshLifetime time.Duration
	// RotateRefresh gives a new refresh token with every refresh. The one before it is spent: when it is shown again, all tokens of
	// its login die.
	RotateRefresh bool
	// RedirectURLs are further addresses that a login may go back to, beside http://127.0.0.1:PORT/callback with any port.
	RedirectURLs []string
	// DeviceInterval is how long a device waits between its questions, 5 seconds when 0.
	DeviceInterval time.Duration
	// StandardErrors has the token endpoint say what is wrong, as RFC 6749 does; else it answers as the instance, the same to all.
	StandardErrors bool
	// Faults are there from the start.
	Faults []Fault
	// Limits are how many requests are taken in a time. Beside them /sms/ takes 20 a second, where none of them has that path.
	Limits []Limit
}

func (o Options) withDefaults() Options {
	if o.Incidents == 0 {
		o.Incidents = defaultIncidents
	}
	if o.Records == 0 {
		o.Records = defaultItems
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = defaultLifetime
	}
	if o.RefreshLifetime == 0 {
		o.RefreshLifetime = defaultRefresh
	}
	if o.DeviceInterval == 0 {
		o.DeviceInterval = defaultInterval
	}
	o.ClientID = orElse(o.ClientID, DefaultClientID)
	o.User = orElse(o.User, DefaultUser)
	for _, secret := range []*string{&o.ClientSecret, &o.Password, &o.OncallKey} {
		*secret = orElse(*secret, rand.Text())
	}
	return o
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Server answers the sandbox's requests. All of its methods may be called from many goroutines.
type Server struct {
	options  Options
	handler  http.Handler
	away     string // the address of the other port, "" for none
	tokens   *tokens
	devices  *devices
	consents tickets[authorization]
	codes    tickets[code]
	store    *store
	contents blobs // of attachments, by sys_id
	oncall   *oncall
	chat     messages
	files    blobs
	flaky    visits
	faults   faults
	limits   []*windows
	audit    audit

	items     int // how many records cmdb_ci has
	warehouse *warehouse
	exports   exports
	sms       sms

	deviceConsents tickets[*device]
	elsewhere      audit
}

// New makes a sandbox that is not listening yet.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{
		options: o,
		tokens:  newTokens(o),
		devices: newDevices(o.DeviceInterval),
		store:   newStore(o),
		oncall:  newOncall(),
		limits:  newWindows(o.Limits),

		items:     max(o.Records, 0),
		warehouse: newWarehouse(),
	}
	s.codes.life, s.consents.life, s.deviceConsents.life = codeLifetime, consentLifetime, consentLifetime
	for _, f := range o.Faults {
		s.Inject(f)
	}
	s.files.put("incidents.csv", blob{data: report(s.store), kind: "text/csv; charset=utf-8"})
	s.handler = s.audit.record(s.who, s.masked, s.withFaults(s.withLimits(s.routes())))
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Secrets are what a client must know, by the names that the example profiles have for them.
func (s *Server) Secrets() map[string]string {
	return map[string]string{
		"SANDBOX_CLIENT_SECRET": s.options.ClientSecret,
		"SANDBOX_PASSWORD":      s.options.Password,
		"SANDBOX_ONCALL_KEY":    s.options.OncallKey,
	}
}

// ExpireTokens ends the life of every access token given so far. Refresh tokens stay good.
func (s *Server) ExpireTokens() { s.tokens.expire() }

// RevokeSignIns ends the life of every token given so far, refresh tokens too: a person has to sign in anew.
func (s *Server) RevokeSignIns() { s.tokens.endAll() }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc(tokenPath, s.grantToken)
	mux.HandleFunc("/oauth_revoke_token.do", s.revokeToken)
	s.consentRoutes(mux)
	s.deviceRoutes(mux)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", s.describe)
	mux.HandleFunc("GET /.well-known/openid-configuration", s.describe)
	for _, base := range []string{"/api/now", "/api/now/v1", "/api/now/v2"} {
		s.tableRoutes(mux, base)
		s.attachmentRoutes(mux, base)
	}
	mux.HandleFunc("/api/", s.signedIn(noSuchResource))
	s.oncallRoutes(mux)
	s.fileRoutes(mux)
	mux.HandleFunc("POST /chat/hook", s.takeMessage)
	mux.HandleFunc("GET /chat/messages", s.listMessages)
	mux.HandleFunc("/flaky/{key}", s.answerThirdTime)
	s.smsRoutes(mux)
	s.warehouseRoutes(mux)
	s.controlRoutes(mux)
	mux.HandleFunc("/{page}", s.directService)
	return mux
}
