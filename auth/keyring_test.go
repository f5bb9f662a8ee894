package auth

import "testing"

func TestKeyringMasksThePasswordOfACertificate(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	keyringOf(t, Options{Redactor: r}, Profile{
		Name: "p", BaseURL: mustURL(t, baseOfTests), TLS: TLS{PKCS12File: "testdata/openssl3.p12", PKCS12Password: "pass-of-p12"},
	})
	if got := r.Text("<pass-of-p12>"); got != "<"+Mask+">" {
		t.Errorf("got %s", got)
	}
}

func TestKeyringMasksWhatOthersSignInWith(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	keyringOf(t, Options{Redactor: r}, Profile{Name: "p", BaseURL: mustURL(t, baseOfTests), Hidden: []string{"pass-of-soap", "more"}})
	if got := r.Text("<pass-of-soap more>"); got != "<"+Mask+" "+Mask+">" {
		t.Errorf("got %s", got)
	}
}
