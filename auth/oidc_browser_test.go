package auth

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// person is somebody with a browser, who signs in as ann and allows what is asked.
type person struct {
	browser *http.Client
	denies  bool // does not allow it

	// stays is the start of an address that is not this machine's: the browser ends there.
	stays string
}

func newPerson(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{browser: &http.Client{Jar: jar}}
	p.browser.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if p.stays != "" && strings.HasPrefix(req.URL.String(), p.stays) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return p
}

// click opens a page, and fills in and sends one form after the other until there is none.
func (p *person) click(t *testing.T, address string) page {
	at := p.read(t)(p.browser.Get(address))
	for range 10 {
		form := formOf(at.text)
		if form == nil {
			return at
		}
		switch cancel := regexp.MustCompile(`<a href="([^"]+/abort)"`).FindStringSubmatch(at.text); {
		case p.denies && form.values.Has("confirm"): // of a device
			form.values.Set("abort", "yes")
			return p.read(t)(p.browser.PostForm(linked(at, form.action), form.values)) // which asks for another code
		case p.denies && cancel != nil && form.values.Get("prompt") == "consent":
			at = p.read(t)(p.browser.Get(linked(at, cancel[1])))
			continue
		case form.values.Get("prompt") == "login":
			form.values.Set("login", "ann")
			form.values.Set("password", "any")
		}
		at = p.read(t)(p.browser.PostForm(linked(at, form.action), form.values))
	}
	t.Errorf("the browser: no end of forms; the last is at %s", place(at.at))
	return at
}

// read gives the page that an answer shows. Where the browser stays away, that is the address it would go to.
func (p *person) read(t *testing.T) func(*http.Response, error) page {
	return func(resp *http.Response, err error) page {
		if err != nil {
			t.Errorf("the browser: %v", err)
			return page{}
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Errorf("the browser: %v", err)
		}
		at := resp.Request.URL
		if to, err := resp.Location(); err == nil {
			at = to
		}
		return page{resp.StatusCode, resp.Header, string(text), at}
	}
}

// webForm is a form of a page.
type webForm struct {
	action string
	values url.Values
}

// formOf gives a page's first form, nil where it has none.
func formOf(text string) *webForm {
	found := regexp.MustCompile(`(?s)<form[^>]* action="([^"]+)"[^>]*>(.*?)</form>`).FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	form := &webForm{html.UnescapeString(found[1]), url.Values{}}
	for _, input := range regexp.MustCompile(`<input[^>]*>`).FindAllString(found[2], -1) {
		name, value := attribute(input, "name"), attribute(input, "value")
		if name != "" {
			form.values.Set(name, value)
		}
	}
	return form
}

func attribute(tag, name string) string {
	found := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// linked is the address of a link on a page.
func linked(from page, to string) string {
	u, err := from.at.Parse(html.UnescapeString(to))
	if err != nil {
		return to
	}
	return u.String()
}

// body leaves out what stands at the head of a page.
func (p page) body() string {
	_, body, found := strings.Cut(p.text, "<body")
	if !found {
		return p.text
	}
	return body
}
