package sandbox

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// messages are what was sent to the chat's webhook.
type messages struct {
	mu    sync.Mutex
	texts []string
}

// Messages are the texts that were sent to /chat/hook, in the order they came.
func (s *Server) Messages() []string {
	s.chat.mu.Lock()
	defer s.chat.mu.Unlock()
	return slices.Clone(s.chat.texts)
}

// takeMessage answers {"text": …} with "ok", as text; like all such webhooks it asks for no sign-in.
func (s *Server) takeMessage(w http.ResponseWriter, r *http.Request) {
	var sent struct{ Text string }
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := readJSON(w, r, &sent); err != nil || sent.Text == "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "no_text")
		return
	}
	s.chat.mu.Lock()
	s.chat.texts = append(s.chat.texts, sent.Text)
	s.chat.mu.Unlock()
	_, _ = io.WriteString(w, "ok")
}

func (s *Server) listMessages(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"messages": append([]string{}, s.Messages()...)})
}

// visits counts the requests to /flaky/{key}, by key.
type visits struct {
	mu    sync.Mutex
	byKey map[string]int
}

func (v *visits) next(key string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.byKey == nil {
		v.byKey = map[string]int{}
	}
	v.byKey[key]++
	return v.byKey[key]
}

// answerThirdTime answers 503 to the first two requests for a key, and 200 from the third on.
func (s *Server) answerThirdTime(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	visit := s.flaky.next(key)
	if visit <= 2 {
		problem(w, http.StatusServiceUnavailable, "unavailable", "try again: visit "+strconv.Itoa(visit)+" of 2 that fail")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"key": key, "visits": visit})
}
