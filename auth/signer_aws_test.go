package auth

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	suiteKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // of AWS's documents
	docsKey  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // of those about S3
	noBody   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// awsOf signs for a service as the documents do.
func awsOf(service string, change func(*awsSigner)) *awsSigner {
	a := newAWSSigner(Settings{"access_key_id": "AKIDEXAMPLE", "secret_access_key": suiteKey, "region": "us-east-1", "service": service})
	a.now = func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }
	if change != nil {
		change(a)
	}
	return a
}

func awsRequest(t *testing.T, method, address, body string, header ...string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, address, reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return req
}

func signatureOf(header string) string {
	_, signature, _ := strings.Cut(header, "Signature=")
	return signature
}

// The requests and signatures are those of the suite that AWS publishes (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4). The
// suite's paths are those before they are encoded for the wire, so where that makes a difference they are signed as they are.
func TestAWSSuite(t *testing.T) {
	t.Parallel()
	const unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	asItIs := func(a *awsSigner) {
		*a = *awsOf("s3", nil)
		a.service, a.sendHash = "service", false
	}
	token := func(a *awsSigner) {
		a.credentials.SessionToken = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
	}
	hashed := func(a *awsSigner) { a.sendHash = true }
	tests := []struct {
		name, method, target, body string
		header                     []string
		change                     func(*awsSigner)
		want                       string
	}{
		{"get-vanilla-query", "GET", "/", "", nil, nil, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-vanilla-with-session-token", "GET", "/", "", nil, token, "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "", nil, nil, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "", nil, nil, "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
		{"get-vanilla-query-unreserved", "GET", "/?" + unreserved + "=" + unreserved, "", nil, nil, "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
		{"get-vanilla-empty-query-key", "GET", "/?Param1=value1", "", nil, nil, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
		{"get-vanilla-utf8-query", "GET", "/?ሴ=bar", "", nil, nil, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		{"get-unreserved", "GET", "/" + unreserved, "", nil, nil, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"get-relative-relative-normalized", "GET", "/example1/example2/../..", "", nil, nil, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-slash-dot-slash-normalized", "GET", "/./", "", nil, nil, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-slash-pointless-dot-normalized", "GET", "/./example", "", nil, nil, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
		{"get-slashes-normalized", "GET", "//example//", "", nil, nil, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
		{"get-slashes-unnormalized", "GET", "//example//", "", nil, asItIs, "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
		{"get-slash-dot-slash-unnormalized", "GET", "/./", "", nil, asItIs, "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
		{"get-relative-unnormalized", "GET", "/example/..", "", nil, asItIs, "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
		{"get-space-normalized", "GET", "/example space/", "", nil, asItIs, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
		{"get-utf8", "GET", "/ሴ", "", nil, asItIs, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		{"get-header-value-trim", "GET", "/", "", []string{"My-Header1", " value1", "My-Header2", ` "a   b   c"`}, nil,
			"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"get-header-key-duplicate", "GET", "/", "", []string{"My-Header1", "value2", "My-Header1", "value2", "My-Header1", "value1"}, nil,
			"c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		{"post-vanilla", "POST", "/", "", nil, nil, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-x-www-form-urlencoded", "POST", "/", "Param1=value1", []string{"Content-Type", "application/x-www-form-urlencoded"}, hashed,
			"d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := awsRequest(t, tt.method, "https://example.amazonaws.com", tt.body, tt.header...)
			path, query, _ := strings.Cut(tt.target, "?")
			req.URL.Path, req.URL.RawQuery = path, query
			if err := awsOf("service", tt.change).sign(req); err != nil {
				t.Fatal(err)
			}
			if got := signatureOf(req.Header.Get("Authorization")); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The requests are the examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API Reference.
func TestAWSExamplesOfS3(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, target, body string
		header                     []string
		hash, want                 string
	}{
		{"object", "GET", "/test.txt", "", []string{"Range", "bytes=0-9"}, noBody, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"upload", "PUT", "/test$file.text", "Welcome to Amazon S3.", []string{"Date", "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Storage-Class", "REDUCED_REDUNDANCY"},
			"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"lifecycle", "GET", "/?lifecycle", "", nil, noBody, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"list", "GET", "/?max-keys=2&prefix=J", "", nil, noBody, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := awsRequest(t, tt.method, "https://examplebucket.s3.amazonaws.com"+tt.target, tt.body, tt.header...)
			req.ContentLength = -1 // the example does not sign it
			a := awsOf("s3", func(a *awsSigner) {
				a.credentials.AccessKeyID, a.credentials.SecretAccessKey = "AKIAIOSFODNN7EXAMPLE", docsKey
				a.now = func() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }
			})
			if err := a.sign(req); err != nil {
				t.Fatal(err)
			}
			if got := signatureOf(req.Header.Get("Authorization")); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := req.Header.Get("X-Amz-Content-Sha256"); got != tt.hash {
				t.Errorf("hash: got %s, want %s", got, tt.hash)
			}
		})
	}
}

// The signatures are those that botocore 1.43.11 gives (SigV4Auth, and S3SigV4Auth with payload signing) for the paths as they are sent.
func TestAWSPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, service, target string
		sent                  string
		want                  string
	}{
		{"encoded twice", "service", "/a b/c=d%2Fe", "/a%20b/c%3Dd%2Fe", "d8bd572dbe4250586f2ac8ef2ec4409aa77b01c3864b36c3bb522d9635623c7a"},
		{"beyond ASCII", "service", "/ሴ", "/%E1%88%B4", "697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d339eb079596d"},
		{"tidied up, but sent as it is", "service", "/a//b/./c d/", "/a//b/./c%20d/", "4d0358dfc875e51bc34086c02a92ac9497f19091e85605bb29fb9d6433f2dd32"},
		{"S3 encodes once", "s3", "/a b//./c=d$", "/a%20b//./c%3Dd%24", "a9fee941797106a55625fc51f45d6ea6653b24a813dec9e4c6f98656c4192ecb"},
		{"a query for S3", "s3", "/?lifecycle", "/?lifecycle=", "7f5f9825c779133687232388c34ea083cbdffc073d5c69f532e4128e9813fb1b"},
		{"a query", "execute-api", "?a=b c&a=B&~=*&x=%2b", "/?a=B&a=b%20c&x=%2B&~=%2A", "e091c5be642e0262355c53f5aa88441f12ea53926f69a1f7200aae64364f4f89"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := awsRequest(t, "GET", "https://example.amazonaws.com:443"+strings.ReplaceAll(tt.target, " ", "%20"), "")
			if err := awsOf(tt.service, nil).sign(req); err != nil {
				t.Fatal(err)
			}
			if got := signatureOf(req.Header.Get("Authorization")); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := req.URL.RequestURI(); got != tt.sent || req.Host != "example.amazonaws.com" {
				t.Errorf("sent %s to %s, want %s", got, req.Host, tt.sent)
			}
		})
	}
}

// What is another way to write the same request has the same signature.
func TestAWSSameRequests(t *testing.T) {
	t.Parallel()
	signature := func(method, path string) string {
		req := awsRequest(t, "GET", "https://example.amazonaws.com"+path, "")
		req.Method = method
		if err := awsOf("service", nil).sign(req); err != nil {
			t.Fatal(err)
		}
		return signatureOf(req.Header.Get("Authorization"))
	}
	for _, tt := range [][2]string{{"/a/b/..", "/a/"}, {"/a/.", "/a/"}, {"/a/b/../c", "/a/c"}, {"/..", "/"}, {"", "/"}} {
		if signature("GET", tt[0]) != signature("GET", tt[1]) {
			t.Errorf("%s is signed otherwise than %s", tt[0], tt[1])
		}
	}
	if signature("", "/") != signature("GET", "/") {
		t.Error("a request without a method is not signed as the GET that it is")
	}
}

// Some services want the hash of the body by itself.
func TestAWSHashOfTheBody(t *testing.T) {
	t.Parallel()
	const ofBody = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"
	for service, want := range map[string]string{"s3": ofBody, "s3express": ofBody, "aoss": ofBody, "glacier": ofBody, "execute-api": ""} {
		req := awsRequest(t, "PUT", "https://example.amazonaws.com/x", "body")
		if err := awsOf(service, nil).sign(req); err != nil {
			t.Fatal(err)
		}
		if got := req.Header.Get("X-Amz-Content-Sha256"); got != want {
			t.Errorf("%s: got %q, want %q", service, got, want)
		}
	}
}

func TestAWSRefuses(t *testing.T) {
	t.Parallel()
	oneWay := awsRequest(t, "PUT", "https://example.amazonaws.com/x", "body")
	oneWay.GetBody = nil
	lost := awsRequest(t, "PUT", "https://example.amazonaws.com/x", "body")
	gone := errors.New("there is no file x")
	lost.GetBody = func() (io.ReadCloser, error) { return nil, gone }
	semicolon := awsRequest(t, "GET", "https://example.amazonaws.com/?a=1;b=2", "")
	for name, req := range map[string]*http.Request{"read only once": oneWay, "there is no file x": lost, "the query cannot be signed": semicolon} {
		err := awsOf("s3", nil).sign(req)
		if err == nil || !strings.Contains(err.Error(), name) || req.Header.Get("Authorization") != "" {
			t.Errorf("got %v, want one that says: %s", err, name)
		}
	}
	if err := awsOf("s3", nil).sign(lost); !errors.Is(err, gone) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// Every attempt is signed anew, and the body is sent whole though it was read to be signed.
func TestAWSSignsEveryAttempt(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	server := newRecorder(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, req.Header.Get("Authorization")+" "+req.URL.Path+" "+string(body))
		if req.URL.Path == "/first" {
			http.Redirect(w, req, "/second", http.StatusTemporaryRedirect)
		}
	})
	k := keyringOf(t, Options{}, Profile{Name: "aws", BaseURL: mustURL(t, server.URL), Auth: "aws_sigv4", Settings: Settings{
		"access_key_id": "AKID", "secret_access_key": "the secret key", "region": "eu-central-1", "service": "s3", "session_token": "the-token",
	}})
	resp, err := clientOf(t, k, "aws").Post(server.URL+"/first", "text/plain", strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(seen) != 2 || !strings.HasSuffix(seen[0], " /first a body") || !strings.HasSuffix(seen[1], " /second a body") ||
		signatureOf(seen[0])[:64] == signatureOf(seen[1])[:64] {
		t.Fatalf("got %q", seen)
	}
	if got := server.last(t).Header; got.Get("X-Amz-Security-Token") != "the-token" || !strings.Contains(got.Get("Authorization"), "content-length;content-type;host;") {
		t.Errorf("sent %v", got)
	}
}

func TestCheckAWS(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "sqs.example.com"}
	tests := []struct {
		name string
		more Settings
		want string
	}{
		{"fine", nil, ""},
		{"not known yet", Settings{"access_key_id": nil, "secret_access_key": nil, "region": nil, "service": nil, "session_token": nil}, ""},
		{"a place for a region", Settings{"region": "Frankfurt"}, `auth.region: "Frankfurt" is no name of a region`},
		{"an address for a service", Settings{"service": "sqs.example.com"}, `auth.service: "sqs.example.com" is no name of a service`},
		{"a line break", Settings{"session_token": "token\n", "access_key_id": "id\n"},
			"auth.access_key_id: the value holds a line break or another character that cannot stand in a header\n" +
				"auth.session_token: the value holds a line break or another character that cannot stand in a header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Settings{"access_key_id": "AKID", "secret_access_key": "s", "region": "eu-central-1", "service": "sqs"}
			for name, value := range tt.more {
				s[name] = value
			}
			if got := problemsOf(Profile{BaseURL: base, Auth: "aws_sigv4", Settings: s}); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}
