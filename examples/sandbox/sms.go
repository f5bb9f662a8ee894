package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// Text is a text message that was sent to a phone.
type Text struct {
	ID   string `json:"id"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// sms is a gateway for text messages. It takes 20 requests a second, see Options.Limits, and sends whatever it is given: only
// an Idempotency-Key keeps a message from being sent twice.
type sms struct {
	once once

	mu   sync.Mutex
	sent []Text
}

// Texts are the text messages that were sent, in that order.
func (s *Server) Texts() []Text {
	s.sms.mu.Lock()
	defer s.sms.mu.Unlock()
	return slices.Clone(s.sms.sent)
}

func (s *Server) smsRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /sms/v1/messages", s.withKey(s.sms.once.carry(s.sendText)))
}

func (s *Server) sendText(w http.ResponseWriter, r *http.Request) {
	var t Text
	if err := readJSON(w, r, &t); err != nil {
		problem(w, http.StatusBadRequest, "invalid_json", err.Error())
		return
	}
	if t.To == "" || t.Text == "" {
		problem(w, http.StatusUnprocessableEntity, "invalid_message", "to and text are required")
		return
	}
	s.sms.mu.Lock()
	t.ID = fmt.Sprintf("sms-%05d", len(s.sms.sent)+1)
	s.sms.sent = append(s.sms.sent, t)
	s.sms.mu.Unlock()
	writeJSON(w, http.StatusCreated, t)
}
