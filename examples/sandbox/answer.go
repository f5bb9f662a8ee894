package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxPayload is the instance's limit for a JSON body, bytes (glide.rest.max_content_length).
const maxPayload = 10 << 20

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // the instance sends & and < as they are
	_ = out.Encode(value)    // the client may be gone
}

// envelope is how the instance tells that something is wrong.
type envelope struct {
	Error struct {
		Message string  `json:"message"`
		Detail  *string `json:"detail"`
	} `json:"error"`
	Status string `json:"status"`
}

// failure answers as the instance does; a detail of "" is null.
func failure(w http.ResponseWriter, status int, message, detail string) {
	answer := envelope{Status: "failure"}
	answer.Error.Message = message
	if detail != "" {
		answer.Error.Detail = &detail
	}
	writeJSON(w, status, answer)
}

func unauthenticated(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Service-now"`)
	failure(w, http.StatusUnauthorized, "User Not Authenticated", "Required to provide Auth information")
}

func noRecord(w http.ResponseWriter) {
	failure(w, http.StatusNotFound, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
}

func noSuchResource(w http.ResponseWriter, _ *http.Request) {
	failure(w, http.StatusBadRequest, "Requested URI does not represent any resource", "")
}

func methodNotSupported(w http.ResponseWriter, _ *http.Request) {
	failure(w, http.StatusMethodNotAllowed, "Method not supported", "")
}

// problem answers as the plain APIs do.
func problem(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, map[string]string{"error": code, "message": message})
}

var errNotJSON = errors.New("the Content-Type is not JSON")

// readJSON decodes a JSON body of at most maxPayload bytes, and nothing after it.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (kind != "application/json" && !strings.HasSuffix(kind, "+json")) {
		return errNotJSON
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPayload))
	body.UseNumber()
	if err := body.Decode(into); err != nil {
		return err
	}
	switch _, err := body.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return errors.New("text after the JSON value")
	default:
		return err
	}
}
