package sandbox

import (
	"crypto/rand"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	deviceLifetime = 10 * time.Minute
	slowedDown     = 5 * time.Second // what slow_down adds to the interval, RFC 8628 section 3.5
)

// devices are the logins that wait for a person, or did.
type devices struct {
	interval time.Duration

	mu     sync.Mutex
	byCode map[string]*device
	byUser map[string]*device
}

// device is one login. Its fields are under the lock of devices.
type device struct {
	scope    string
	expires  time.Time
	interval time.Duration
	polled   time.Time
	decision string // "" as long as nobody has pressed a button
	spent    bool
}

// The letters of a user_code: no vowels, so that no words come of them.
const codeLetters = "BCDFGHJKLMNPQRSTVWXZ"

func newDevices(interval time.Duration) *devices {
	return &devices{interval: interval, byCode: map[string]*device{}, byUser: map[string]*device{}}
}

func (d *devices) start(scope string) (deviceCode, userCode string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	deviceCode, userCode = newSecret(), newUserCode()
	started := &device{scope: scope, expires: time.Now().Add(deviceLifetime), interval: d.interval}
	d.byCode[deviceCode], d.byUser[userCode] = started, started
	return deviceCode, userCode
}

func newUserCode() string {
	var text strings.Builder
	for i := range 8 {
		if i == 4 {
			text.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		text.WriteByte(codeLetters[n.Int64()])
	}
	return text.String()
}

// poll tells a client how far its login is.
func (d *devices) poll(deviceCode string) (*family, refusal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, now := d.byCode[deviceCode], time.Now()
	switch {
	case known == nil || known.spent:
		return nil, invalidGrant
	case !now.Before(known.expires):
		return nil, expiredToken
	case known.decision == deny:
		known.spent = true
		return nil, accessDenied
	case known.decision == allow:
		known.spent = true
		return &family{scope: known.scope}, ""
	}
	early := now.Sub(known.polled) < known.interval
	known.polled = now
	if early {
		known.interval += slowedDown
		return nil, slowDown
	}
	return nil, authorizationPending
}

// typed finds the login of a code as a person types it. RFC 8628 section 6.1: in any case, with or without the dash.
func (d *devices) typed(text string) (login *device, scope string) {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(text))
	if len(letters) != 8 {
		return nil, ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.byUser[letters[:4]+"-"+letters[4:]]
	if known == nil || known.decision != "" || !time.Now().Before(known.expires) {
		return nil, ""
	}
	return known, known.scope
}

// decide says whether the login still waited for a decision.
func (d *devices) decide(login *device, decision string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if login.decision != "" || !time.Now().Before(login.expires) {
		return false
	}
	login.decision = decision
	return true
}

// codes are the device codes given so far.
func (d *devices) codes() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var texts []string
	for text := range d.byCode {
		texts = append(texts, text)
	}
	return texts
}

const verifyPath = "/oauth_device_verify.do"

func (s *Server) deviceRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /oauth_device.do", s.startDevice)
	mux.HandleFunc("GET "+verifyPath, s.askDevice)
	mux.HandleFunc("POST "+verifyPath, s.takeDevice)
}

// startDevice begins a login on a device that has no browser (RFC 8628 section 3.1). The instance has no such endpoint.
func (s *Server) startDevice(w http.ResponseWriter, r *http.Request) {
	form, ok := readForm(w, r)
	scope, known := checkScope(form.Get("scope"))
	switch {
	case !ok:
		s.refuse(w, invalidRequest)
		return
	case !s.isClient(form):
		s.refuse(w, invalidClient)
		return
	case !known:
		s.refuse(w, invalidScope)
		return
	}
	deviceCode, userCode := s.devices.start(scope)
	page := issuer(r) + verifyPath
	noStore(w)
	writeJSON(w, http.StatusOK, map[string]any{
		"device_code":               deviceCode,
		"user_code":                 userCode,
		"verification_uri":          page,
		"verification_uri_complete": page + "?user_code=" + url.QueryEscape(userCode),
		"expires_in":                int(deviceLifetime.Seconds()),
		"interval":                  int(math.Ceil(s.options.DeviceInterval.Seconds())),
	})
}

// askDevice asks for the code, or shows the page with the button where the address holds it.
func (s *Server) askDevice(w http.ResponseWriter, r *http.Request) {
	form := screen{Title: "Sign in on another device", Text: "Enter the code that is shown there.", Enter: &codeForm{Path: verifyPath}}
	typed := r.URL.Query().Get("user_code")
	if typed == "" {
		show(w, form)
		return
	}
	login, scope := s.devices.typed(typed)
	if login == nil {
		form.Text = "No login waits for the code " + quote(typed) + ". Enter the code that is shown on the device."
		showWith(w, http.StatusBadRequest, form)
		return
	}
	show(w, screen{
		Title: "Let " + s.options.ClientID + " sign in on another device?",
		Text:  "Allow it only if you have started this login yourself.",
		Ask:   &question{Path: verifyPath, Consent: s.deviceConsents.issue(login), Client: s.options.ClientID, User: s.options.User, Scope: scope},
	})
}

// takeDevice answers the button.
func (s *Server) takeDevice(w http.ResponseWriter, r *http.Request) {
	form, ok := readForm(w, r)
	decision := form.Get("decision")
	if !ok || (decision != allow && decision != deny) {
		showMistake(w, "This is not what the buttons of the page send.")
		return
	}
	login, used := s.deviceConsents.show(form.Get("consent"))
	switch {
	case used != good || !s.devices.decide(login, decision):
		showMistake(w, "This login was answered already, or is too old. Start it anew.")
	case decision == deny:
		show(w, screen{Title: "Denied", Text: "The device is not signed in. You can close this page."})
	default:
		show(w, screen{Title: "Done", Text: "The device is signed in. You can close this page."})
	}
}
