package sandbox

import (
	"net/http"
	"strconv"
)

func (s *Server) attachmentRoutes(mux *http.ServeMux, base string) {
	handle := func(method, path string, handler http.HandlerFunc) {
		mux.HandleFunc(method+" "+base+path, s.signedIn(handler))
	}
	handle("GET", "/attachment", s.listAttachments)
	handle("POST", "/attachment/file", s.attach)
	handle("POST", "/attachment/upload", s.attach)
	handle("GET", "/attachment/{id}", s.getAttachment)
	handle("GET", "/attachment/{id}/file", s.getContent)
	handle("DELETE", "/attachment/{id}", s.deleteAttachment)
}

const attachments = "sys_attachment"

func (s *Server) listAttachments(w http.ResponseWriter, r *http.Request) {
	s.answerList(w, r, attachments, s.store.find(attachments, r.URL.Query().Get("sysparm_query")))
}

// attach is both ways to upload: /file has the content as its body and what it belongs to in the query, /upload is a
// multipart form.
func (s *Server) attach(w http.ResponseWriter, r *http.Request) {
	sent, err := readUpload(w, r)
	if err != nil {
		failure(w, http.StatusBadRequest, "Failed to create the attachment", err.Error())
		return
	}
	query := r.URL.Query()
	table := orElse(query.Get("table_name"), sent.fields["table_name"])
	id := orElse(query.Get("table_sys_id"), sent.fields["table_sys_id"])
	name := orElse(query.Get("file_name"), sent.filename)
	if table == "" || id == "" || name == "" {
		failure(w, http.StatusBadRequest, "Missing required parameter", "table_name, table_sys_id and file_name are required")
		return
	}
	if !s.store.has(table) {
		failure(w, http.StatusBadRequest, "Invalid table "+table, "")
		return
	}
	if _, ok := s.store.get(table, id); !ok {
		noRecord(w)
		return
	}
	s.keep(w, r, sent.blob, map[string]string{"table_name": table, "table_sys_id": id, "file_name": name})
}

func (s *Server) keep(w http.ResponseWriter, r *http.Request, content blob, values map[string]string) {
	values["content_type"] = content.kind
	values["size_bytes"] = strconv.Itoa(len(content.data))
	values["hash"] = content.sum()
	row := s.store.insert(attachments, values)
	id := row["sys_id"]
	s.contents.put(id, content)
	at := apiBase(r) + "/attachment/" + id
	row, _ = s.store.update(attachments, id, map[string]string{"download_link": at + "/file"})
	w.Header().Set("Location", at)
	s.answerRecord(w, r, http.StatusCreated, attachments, row)
}

func (s *Server) getAttachment(w http.ResponseWriter, r *http.Request) {
	row, ok := s.store.get(attachments, r.PathValue("id"))
	if !ok {
		noRecord(w)
		return
	}
	s.answerRecord(w, r, http.StatusOK, attachments, row)
}

func (s *Server) getContent(w http.ResponseWriter, r *http.Request) {
	content, ok := s.contents.get(r.PathValue("id"))
	if !ok {
		noRecord(w)
		return
	}
	content.serve(w, r)
}

func (s *Server) deleteAttachment(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !s.store.remove(attachments, id) {
		noRecord(w)
		return
	}
	s.contents.remove(id)
	w.WriteHeader(http.StatusNoContent)
}
