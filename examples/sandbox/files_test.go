package sandbox

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func userHeader(s *Running) string {
	r, _ := http.NewRequest("GET", "/", nil)
	r.SetBasicAuth(DefaultUser, s.Secrets()["SANDBOX_PASSWORD"])
	return "Authorization: " + r.Header.Get("Authorization")
}

// form gives a multipart body and its Content-Type. A field whose name begins with @ is a file of that name.
func form(t *testing.T, fields ...string) (body, header string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i < len(fields); i += 2 {
		var err error
		if name, file := strings.CutPrefix(fields[i], "@"); file {
			part, errPart := w.CreateFormFile("upload", name)
			err = errPart
			if err == nil {
				_, err = part.Write([]byte(fields[i+1]))
			}
		} else {
			err = w.WriteField(name, fields[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), "Content-Type: " + w.FormDataContentType()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := userHeader(s)
	binary := "\x00\xff\r\n--x\r\nno form"
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(binary)))
	for i, want := range []int{http.StatusCreated, http.StatusOK} {
		a := ask(t, []string{"PUT", "POST"}[i], s.URL()+"/files/a%20b.bin", binary, auth, "Content-Type: application/x-thing")
		got := decode[map[string]any](t, a.body)
		if a.status != want || got["size"] != 16.0 || got["name"] != "a b.bin" || got["sha256"] != sum {
			t.Errorf("upload %d: %d %s", i+1, a.status, a.body)
		}
	}
	down := ask(t, "GET", s.URL()+"/files/a%20b.bin", "", auth)
	if down.body != binary || down.header.Get("Content-Type") != "application/x-thing" || down.header.Get("Content-Length") != strconv.Itoa(len(binary)) {
		t.Errorf("download: %q, %v", down.body, down.header)
	}
	etag := down.header.Get("ETag")
	if a := ask(t, "GET", s.URL()+"/files/a%20b.bin", "", auth, "If-None-Match: "+etag); a.status != http.StatusNotModified || etag == "" {
		t.Errorf("with the ETag %q: %d, want 304", etag, a.status)
	}
	if a := ask(t, "GET", s.URL()+"/files/a%20b.bin", "", auth, "Range: bytes=2-3"); a.status != http.StatusPartialContent || a.body != "\r\n" {
		t.Errorf("a range: %d %q", a.status, a.body)
	}
	if a := ask(t, "GET", s.URL()+"/files/", "", auth); a.body != `{"files":["a b.bin","incidents.csv"]}`+"\n" {
		t.Errorf("list: %s", a.body)
	}
	if a := ask(t, "GET", s.URL()+"/files/none", "", auth); a.status != http.StatusNotFound {
		t.Errorf("unknown file: %d, want 404", a.status)
	}
	if a := ask(t, "GET", s.URL()+"/files/a%20b.bin", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without sign-in: %d, want 401", a.status)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	a := ask(t, "GET", s.URL()+"/files/incidents.csv", "", userHeader(s))
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	if len(lines) != 251 || lines[0] != "number,priority,category,short_description,sys_updated_on" || !strings.HasPrefix(lines[1], "INC0010001,") {
		t.Errorf("%d lines, the first two %q", len(lines), lines[:2])
	}
}

func TestUploadForm(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := userHeader(s)
	body, kind := form(t, "comment", "ü", "@one.txt", "content", "@two.txt", "other")
	a := ask(t, "POST", s.URL()+"/files/form", body, auth, kind)
	got := decode[map[string]any](t, a.body)
	if a.status != http.StatusCreated || got["sent"] != "one.txt" || got["size"] != 7.0 || got["fields"].(map[string]any)["comment"] != "ü" {
		t.Errorf("form: %d %s", a.status, a.body)
	}
	if a := ask(t, "GET", s.URL()+"/files/form", "", auth); a.body != "content" {
		t.Errorf("download: %q, want %q", a.body, "content")
	}
	noFile, noFileKind := form(t, "comment", "x")
	for name, bad := range map[string]struct {
		body, kind string
		status     int
	}{
		"no file":     {noFile, noFileKind, 400},
		"no boundary": {body, "Content-Type: multipart/form-data", 400},
		"cut off":     {body[:len(body)-20], kind, 400},
		"too large":   {strings.Repeat("x", maxFile+1), "Content-Type: text/plain", 413},
	} {
		if a := ask(t, "POST", s.URL()+"/files/bad", bad.body, auth, bad.kind); a.status != bad.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, bad.status)
		}
	}
	if a := ask(t, "GET", s.URL()+"/files/bad", "", auth); a.status != http.StatusNotFound {
		t.Errorf("a refused upload is there: %d", a.status)
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	id := s.store.find("incident", "")[0]["sys_id"]
	raw := ask(t, "POST", s.URL()+"/api/now/attachment/file?table_name=incident&table_sys_id="+id+"&file_name=log.txt", "all is well", auth, "Content-Type: text/plain")
	body, kind := form(t, "table_name", "incident", "table_sys_id", id, "@form.txt", "from a form")
	formed := ask(t, "POST", s.URL()+"/api/now/attachment/upload", body, auth, kind)
	for content, a := range map[string]answer{"all is well": raw, "from a form": formed} {
		row := one(t, a)
		if a.status != http.StatusCreated || row["size_bytes"] != "11" || row["table_sys_id"] != id {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if got := one(t, ask(t, "GET", a.header.Get("Location"), "", auth)); got["file_name"] != row["file_name"] {
			t.Errorf("Location leads to %v", got)
		}
		if got := ask(t, "GET", row["download_link"].(string), "", auth); got.body != content || got.header.Get("Content-Length") != "11" {
			t.Errorf("download_link leads to %d %q, want %q", got.status, got.body, content)
		}
	}
	if got := rows(t, ask(t, "GET", s.URL()+"/api/now/attachment?sysparm_query=table_sys_id="+id+"%5Efile_nameSTARTSWITHlog", "", auth)); len(got) != 1 {
		t.Errorf("%d attachments found, want 1", len(got))
	}
	at := raw.header.Get("Location")
	if a := ask(t, "DELETE", at, "", auth); a.status != http.StatusNoContent {
		t.Errorf("DELETE: %d, want 204", a.status)
	}
	for _, gone := range []string{at, at + "/file"} {
		if a := ask(t, "GET", gone, "", auth); a.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", gone, a.status)
		}
	}
	for query, want := range map[string]int{
		"table_name=incident&table_sys_id=" + id:            400,
		"table_name=bogus&table_sys_id=1&file_name=x":       400,
		"table_name=incident&table_sys_id=none&file_name=x": 404,
	} {
		if a := ask(t, "POST", s.URL()+"/api/now/attachment/file?"+query, "x", auth, "Content-Type: text/plain"); a.status != want {
			t.Errorf("%s: %d %s, want %d", query, a.status, a.body, want)
		}
	}
}
