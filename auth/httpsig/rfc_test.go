package httpsig

import (
	"bufio"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The vectors of RFC 9421: keys and messages of appendix B, and the bound response of §2.4. A wrong transcription would not verify.

// key reads one of the RFC's private keys, all of which are public.
func key(t testing.TB, name string) crypto.Signer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	var found any
	switch {
	case name == "rsa-pss": // marked for RSA-PSS alone, which crypto/x509 does not read
		var wrapped struct {
			Version   int
			Algorithm asn1.RawValue
			Key       []byte
		}
		if _, err = asn1.Unmarshal(block.Bytes, &wrapped); err == nil {
			found, err = x509.ParsePKCS1PrivateKey(wrapped.Key)
		}
	case block.Type == "EC PRIVATE KEY":
		found, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		found, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found.(crypto.Signer)
}

// keys gives both halves of a key of the RFC by its key id.
func keys(t testing.TB, id string) (SigningKey, VerifyingKey) {
	t.Helper()
	if id == "test-shared-secret" {
		secret, err := base64.StdEncoding.DecodeString("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
		if err != nil {
			t.Fatal(err)
		}
		sign, verify, err := NewSecretKeys(secret)
		if err != nil {
			t.Fatal(err)
		}
		return sign, verify
	}
	algorithm := map[string]string{"test-key-rsa-pss": RSAPSSSHA512, "test-key-ecc-p256": ECDSAP256SHA256, "test-key-ed25519": Ed25519}[id]
	private := key(t, strings.TrimPrefix(id, "test-key-"))
	sign, err := NewSigningKey(algorithm, private)
	if err != nil {
		t.Fatal(err)
	}
	verify, err := NewVerifyingKey(algorithm, private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return sign, verify
}

// request is a request that came over TLS, of its text.
func request(t testing.TB, text string) Message {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	m := Incoming(req)
	m.Scheme = "https"
	return m
}

func response(t testing.TB, text string, to *Message) Message {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return Message{Header: resp.Header, Status: resp.StatusCode, Request: to}
}

const testRequest = `POST /foo?param=Value&Pet=dog HTTP/1.1
Host: example.com
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
Content-Length: 18

{"hello": "world"}`

const testResponse = `HTTP/1.1 200 OK
Date: Tue, 20 Apr 2021 02:07:56 GMT
Content-Type: application/json
Content-Digest: sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
Content-Length: 23

{"message": "good dog"}`

const busyResponse = `HTTP/1.1 503 Service Unavailable
Date: Tue, 20 Apr 2021 02:07:56 GMT
Content-Type: application/json
Content-Length: 62
Content-Digest: sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:

{"busy": true, "message": "Your call is very important to us"}`

const clientCert = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:"

const proxiedRequest = `POST /foo?param=Value&Pet=dog HTTP/1.1
Host: service.internal.example
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Length: 18
Client-Cert: ` + clientCert + `

{"hello": "world"}`

const transformRequest = `GET /demo?name1=Value1&Name2=value2 HTTP/1.1
Host: example.org
Date: Fri, 15 Jul 2022 14:24:55 GMT
Accept: application/json
Accept: */*

`

// vector is a signature of the RFC.
type vector struct {
	name, key       string
	input           string // the member of Signature-Input, with its label
	value           string // the signature in base64
	base            string // without its last line
	message, answer string // answer is "" where the request is signed
	deterministic   bool
}

func vectors() []vector {
	const digest = `"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:`
	return []vector{
		{
			name: "B.2.1", key: "test-key-rsa-pss", message: testRequest,
			input: `sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"`,
			value: "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
		},
		{
			name: "B.2.2", key: "test-key-rsa-pss", message: testRequest,
			input: `sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"`,
			value: "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
			base:  "\"@authority\": example.com\n" + digest + "\n\"@query-param\";name=\"Pet\": dog\n",
		},
		{
			name: "B.2.3", key: "test-key-rsa-pss", message: testRequest,
			input: `sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
			value: "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
			base: "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n\"@authority\": example.com\n" +
				"\"content-type\": application/json\n" + digest + "\n\"content-length\": 18\n",
		},
		{
			name: "B.2.4", key: "test-key-ecc-p256", message: testRequest, answer: testResponse,
			input: `sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"`,
			value: "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
			base: "\"@status\": 200\n\"content-type\": application/json\n" +
				"\"content-digest\": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:\n\"content-length\": 23\n",
		},
		{
			name: "B.2.5", key: "test-shared-secret", message: testRequest, deterministic: true,
			input: `sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			value: "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
			base:  "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n",
		},
		{
			name: "B.2.6", key: "test-key-ed25519", message: testRequest, deterministic: true,
			input: `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			value: "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
			base:  "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n",
		},
		{
			name: "B.3", key: "test-key-ecc-p256", message: proxiedRequest,
			input: `ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"`,
			value: "xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==",
			base:  "\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n\"@method\": POST\n\"@authority\": service.internal.example\n\"client-cert\": " + clientCert + "\n",
		},
		{
			name: "B.4", key: "test-key-ed25519", message: transformRequest, deterministic: true,
			input: `transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"`,
			value: "ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==",
			base:  "\"@method\": GET\n\"@path\": /demo\n\"@authority\": example.org\n\"accept\": application/json, */*\n",
		},
		{
			name: "2.4", key: "test-key-ecc-p256", message: testRequest, answer: busyResponse,
			input: `reqres=("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req "content-digest";req);created=1618884479;keyid="test-key-ecc-p256"`,
			value: "dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==",
			base: "\"@status\": 503\n\"content-digest\": sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:\n" +
				"\"content-type\": application/json\n\"@authority\";req: example.com\n\"@method\";req: POST\n\"@path\";req: /foo\n" +
				strings.Replace(digest, `":`, `";req:`, 1) + "\n",
		},
	}
}

// signed is a vector's message with its signature on it.
func (v vector) signed(t testing.TB) Message {
	t.Helper()
	m := request(t, v.message)
	if v.answer != "" {
		to := m
		m = response(t, v.answer, &to)
	}
	label, _, _ := strings.Cut(v.input, "=")
	m.Header.Set("Signature-Input", v.input)
	m.Header.Set("Signature", label+"=:"+v.value+":")
	return m
}

// only gives the one signature of a message.
func only(t testing.TB, m Message) Signature {
	t.Helper()
	all, err := Parse(m.Header)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d signatures, %v", len(all), err)
	}
	return all[0]
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			m := v.signed(t)
			s := only(t, m)
			label, params, _ := strings.Cut(v.input, "=")
			base, err := s.Base(m)
			if want := v.base + `"@signature-params": ` + params; err != nil || base != want {
				t.Errorf("base: %v\n%s\nwant:\n%s", err, base, want)
			}
			sign, verify := keys(t, v.key)
			if err := s.Verify(m, verify, s.Params.Created); err != nil {
				t.Errorf("the signature of the RFC: %v", err)
			}
			input, value, err := s.Sign(m, sign)
			if err != nil || input != v.input {
				t.Errorf("signing: %v\n%s\nwant:\n%s", err, input, v.input)
			}
			if same := value == label+"=:"+v.value+":"; same != v.deterministic {
				t.Errorf("the same signature: %v, want %v", same, v.deterministic)
			}
			m.Header.Set("Signature", value)
			if err := only(t, m).Verify(m, verify, s.Params.Created); err != nil {
				t.Errorf("our own signature: %v", err)
			}
		})
	}
}

// TestNewWritesVectors makes the vectors anew from what a person would write.
func TestNewWritesVectors(t *testing.T) {
	t.Parallel()
	created := time.Unix(1618884473, 0)
	tests := []struct {
		name       string
		components []string
		params     Params
	}{
		{"B.2.2", []string{"@authority", "Content-Digest", `@query-param;name="Pet"`}, Params{Created: created, KeyID: "test-key-rsa-pss", Tag: "header-example"}},
		{"B.2.5", []string{"date", "@authority", `"content-type"`}, Params{Created: created, KeyID: "test-shared-secret"}},
		{"B.2.6", []string{"date", "@method", "@path", "@authority", "content-type", "content-length"}, Params{Created: created, KeyID: "test-key-ed25519"}},
	}
	for _, tt := range tests {
		for _, v := range vectors() {
			if v.name != tt.name {
				continue
			}
			label, _, _ := strings.Cut(v.input, "=")
			s, err := New(label, components(t, tt.components...), tt.params)
			if err != nil {
				t.Fatal(err)
			}
			sign, _ := keys(t, v.key)
			input, value, err := s.Sign(request(t, v.message), sign)
			if err != nil || input != v.input {
				t.Errorf("%s: %v\n%s\nwant:\n%s", tt.name, err, input, v.input)
			}
			if v.deterministic && value != label+"=:"+v.value+":" {
				t.Errorf("%s: signature %s, want %s", tt.name, value, v.value)
			}
		}
	}
}

func components(t testing.TB, texts ...string) []Component {
	t.Helper()
	var all []Component
	for _, text := range texts {
		c, err := ParseComponent(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// TestVectorsChanged changes what is covered, one thing at a time: none verifies.
func TestVectorsChanged(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*Message){
		"method":         func(m *Message) { m.Method = "PUT" },
		"path":           func(m *Message) { m.Target = "/foo2?param=Value&Pet=dog" },
		"query":          func(m *Message) { m.Target = "/foo?param=Value&Pet=Dog" },
		"host":           func(m *Message) { m.Host = "example.org" },
		"date":           func(m *Message) { m.Header.Set("Date", "Tue, 20 Apr 2021 02:07:56 GMT") },
		"type":           func(m *Message) { m.Header.Add("Content-Type", "application/json") },
		"length":         func(m *Message) { m.Header.Set("Content-Length", "19") },
		"digest":         func(m *Message) { m.Header.Set("Content-Digest", "sha-256=:AAAA:") },
		"a covered name": func(m *Message) { replace(m, "Signature-Input", `"@method" "@path"`, `"@path" "@method"`) },
		"a parameter":    func(m *Message) { replace(m, "Signature-Input", "1618884473", "1618884474") },
		"another":        func(m *Message) { replace(m, "Signature-Input", "created", `tag="x";created`) },
		"the value":      func(m *Message) { replace(m, "Signature", "=:b", "=:c") },
	}
	_, verify := keys(t, "test-key-rsa-pss")
	for name, change := range changes {
		for _, v := range vectors() {
			if v.name != "B.2.3" {
				continue
			}
			m := v.signed(t)
			change(&m)
			all, err := Parse(m.Header)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := all[0].Verify(m, verify, all[0].Params.Created); err == nil || err.Error() != "signature sig-b23 is not one of this message by this key" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func replace(m *Message, name, old, with string) {
	m.Header.Set(name, strings.Replace(m.Header.Get(name), old, with, 1))
}

// TestTransformations are those of B.4: what a proxy may do to a message, and what it may not.
func TestTransformations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, message string
		want          bool
	}{
		{"a field and a parameter added", strings.Replace(strings.Replace(transformRequest, "value2", "value2&param=added", 1), "Accept: a", "Accept-Language: en-US,en;q=0.5\nAccept: a", 1), true},
		{"lines joined, others swapped", "GET /demo?name1=Value1&Name2=value2 HTTP/1.1\nHost: example.org\nReferer: https://developer.example.org/demo\nAccept: application/json, */*\n\n", true},
		{"names in lower case, other order", "GET /demo?name1=Value1&Name2=value2 HTTP/1.1\naccept: application/json\naccept: */*\ndate: Fri, 15 Jul 2022 14:24:55 GMT\nhost: example.org\n\n", true},
		{"method and authority", strings.Replace(strings.Replace(transformRequest, "GET", "POST", 1), "example.org", "example.com", 1), false},
		{"values in another order", strings.Replace(strings.Replace(transformRequest, "*/*", "application/json", 1), "application/json", "*/*", 1), false},
	}
	_, verify := keys(t, "test-key-ed25519")
	for _, tt := range tests {
		for _, v := range vectors() {
			if v.name != "B.4" {
				continue
			}
			v.message = tt.message
			m := v.signed(t)
			s := only(t, m)
			if err := s.Verify(m, verify, s.Params.Created); (err == nil) != tt.want {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}
