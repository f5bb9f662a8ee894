package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"snrun/examples/sandbox"
)

// soapEcho answers with what it was sent, in the ways in which servers do, by path.
func soapEcho(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var said strings.Builder
	_ = xml.EscapeText(&said, body)
	text, status, media := `<said>`+said.String()+`</said>`, http.StatusOK, "text/xml"
	switch r.URL.Path {
	case "/fault":
		text, status = `<e:Fault><faultcode>e:Client</faultcode><faultstring>not `+said.String()+`</faultstring><detail>`+said.String()+`</detail></e:Fault>`, http.StatusInternalServerError
	case "/page":
		media = "text/html"
	case "/broken":
		text += "<"
	}
	reply(w, status, media, `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`+text+`</e:Body></e:Envelope>`)
}

// TestPasswordsInMessagesShowNowhere sends each secret that XML can hold in a UsernameToken, to a server that repeats it.
func TestPasswordsInMessagesShowNowhere(t *testing.T) {
	t.Parallel()
	home := newPlace(t, false, soapEcho)
	u := newUser(t, sandbox.Options{})
	profiles := "version: 1\nprofiles:\n"
	job := "version: 1\nsteps:\n"
	hidden := []string{"plain-in-the-profile"}
	for _, name := range sortedNasty() {
		if name == "CONTROLS" { // which no XML can hold
			continue
		}
		u.environ = append(u.environ, secretVariable+name+"="+nasty[name])
		hidden = append(hidden, nasty[name])
		profiles += fmt.Sprintf("  %s: {base_url: %s, auth: {ws_security: {username: ann, password: \"${secret.%s}\", timestamp: 5m}}}\n", strings.ToLower(name), home.URL, name)
	}
	profiles += "  plain: {base_url: " + home.URL + ", auth: {type: none, ws_security: {username: ann, password: plain-in-the-profile}}}\n"
	for i, name := range append(sortedNasty(), "plain") {
		for _, path := range []string{"ok", "fault", "page", "broken"} {
			if name != "CONTROLS" {
				id := fmt.Sprintf("%s_%d", path, i)
				job += fmt.Sprintf("  - try:\n      - id: %s\n        soap: {profile: %s, path: /%s, body: {ask: 1}}\n        retry: none\n      - log: ${toJSON(steps.%s.output)}\n"+
					"    catch: [{steps: [{log: \"${error.message} ${toJSON(error)}\"}]}]\n", id, strings.ToLower(name), path, id)
			}
		}
	}
	u.write("profiles.yaml", profiles)
	u.write("ask.yaml", job)
	u.must(exitOK, "run", "ask")
	u.must(exitOK, "run", "--progress", "json", "ask")
	u.must(exitOK, "history", "show", "--http", "--json", "@last")
	u.write("profiles.yaml", "version: 1\nprofiles: {}\n") // the one place where a password is written
	u.checkHidden(hidden)
}

// TestDigestsInMessagesShowNowhere holds that what is sent shows without its digest and its nonce.
func TestDigestsInMessagesShowNowhere(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var proofs []string
	home := newPlace(t, false, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		for _, proof := range regexp.MustCompile(`>([0-9A-Za-z+/=]{20,})</wsse:(?:Password|Nonce)>`).FindAllStringSubmatch(string(body), -1) {
			proofs = append(proofs, proof[1])
		}
		mu.Unlock()
		reply(w, http.StatusOK, "text/xml", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><ok/></e:Body></e:Envelope>`)
	})
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"KEY=a-password")
	u.write("profiles.yaml", "version: 1\nprofiles:\n  p: {base_url: "+home.URL+", auth: {ws_security: {username: ann, password: \"${secret.KEY}\", password_type: digest}}}\n")
	u.write("ask.yaml", "version: 1\nsteps:\n  - soap: {profile: p, path: /x, body: {ask: 1}}\n")
	u.must(exitOK, "run", "ask")
	shown := u.must(exitOK, "history", "show", "--http", "--json", "@last")
	if !strings.Contains(shown.stdout, "UsernameToken") || len(proofs) != 2 {
		t.Errorf("%d proofs were sent, and history has %s", len(proofs), shown.stdout)
	}
	u.checkHidden(append(proofs, "a-password"))
}
