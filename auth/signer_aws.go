package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// awsSigV4 signs requests as Amazon Web Services want it (Signature Version 4). Stores that speak S3 want it too.
func awsSigV4() SignInType {
	return SignInType{
		Name:    "aws_sigv4",
		Summary: "signs requests for Amazon Web Services, and for stores that speak S3",
		Params: []Param{
			{Name: "access_key_id", Doc: "The id of the access key.", Example: "${env.AWS_ACCESS_KEY_ID}", Required: true},
			{Name: "secret_access_key", Doc: "The secret of the access key.", Example: "${secret.AWS_SECRET_ACCESS_KEY}", Required: true, Secret: true},
			{Name: "session_token", Doc: "The token that comes with an access key for a time.", Example: "${secret.AWS_SESSION_TOKEN}", Secret: true},
			{Name: "region", Doc: "The region of the service.", Example: "eu-central-1", Required: true},
			{Name: "service", Doc: "The name under which the service is signed for: `s3`, `execute-api`, `dynamodb`, `sqs` …", Example: "execute-api", Required: true},
		},
		check: checkAWS,
		open: func(p Profile, _ *Keyring) (*credentials, error) {
			return &credentials{sign: newAWSSigner(p.Settings).sign}, nil
		},
	}
}

func checkAWS(p Profile) []Problem {
	var problems []Problem
	for _, name := range []string{"access_key_id", "secret_access_key", "session_token"} {
		problems = append(problems, checkHeaderValue("auth."+name, p.Settings.text(name))...)
	}
	for name, hint := range map[string]string{"region": "write it as eu-central-1", "service": "write the name that stands in the service's addresses, such as s3 or execute-api"} {
		if value := p.Settings.text(name); strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			problems = append(problems, Problem{Path: "auth." + name, Message: fmt.Sprintf("%q is no name of a %s", value, name), Hint: hint})
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

// awsSigner signs requests for one service in one region.
type awsSigner struct {
	credentials     aws.Credentials
	region, service string
	signer          *v4.Signer
	now             func() time.Time

	// rawPath has the path signed as it is sent: S3 names objects with it. Other services tidy it up, and encode it twice.
	rawPath bool
	// sendHash has the hash of the body sent too.
	sendHash bool
}

func newAWSSigner(s Settings) *awsSigner {
	a := &awsSigner{
		credentials: aws.Credentials{
			AccessKeyID: s.text("access_key_id"), SecretAccessKey: s.text("secret_access_key"), SessionToken: s.text("session_token"),
		},
		region: s.text("region"), service: s.text("service"), now: time.Now,
	}
	a.rawPath = slices.Contains([]string{"s3", "s3express", "s3-outposts", "s3-object-lambda"}, a.service)
	a.sendHash = a.rawPath || a.service == "aoss" || a.service == "glacier"
	a.signer = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = a.rawPath })
	return a
}

// sign signs a request with all of its headers. The body is always part of it: UNSIGNED-PAYLOAD would let it be changed.
func (a *awsSigner) sign(req *http.Request) error {
	// The library drops from the query what it cannot read.
	if _, err := url.ParseQuery(req.URL.RawQuery); err != nil {
		return &SigningError{Cause: fmt.Errorf("the query cannot be signed: %w", err), help: "encode ; as %3B and % as %25"}
	}
	sum, err := sumBody(req, sha256.New())
	if err != nil {
		return err
	}
	bodyHash := fmt.Sprintf("%x", sum)
	if a.sendHash {
		req.Header.Set("X-Amz-Content-Sha256", bodyHash)
	}
	if req.Method == "" {
		req.Method = http.MethodGet
	}
	sent := awsPath(req.URL.EscapedPath())
	signed := sent
	if !a.rawPath {
		signed = tidyPath(sent)
	}
	setPath(req.URL, signed)
	err = a.signer.SignHTTP(context.Background(), a.credentials, req, bodyHash, a.service, a.region, a.now())
	setPath(req.URL, sent)
	return err
}

// awsPath encodes a path as AWS does before it compares signatures: all but letters, digits and -._~ of each segment.
func awsPath(escaped string) string {
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = strings.ReplaceAll(url.QueryEscape(plain), "+", "%20")
		}
	}
	return "/" + strings.TrimPrefix(strings.Join(segments, "/"), "/")
}

// tidyPath takes empty segments and those of dots out of a path (RFC 3986 §6.2.2.3).
func tidyPath(escaped string) string {
	tidy := path.Clean(escaped)
	if tidy != "/" && (strings.HasSuffix(escaped, "/") || strings.HasSuffix(escaped, "/.") || strings.HasSuffix(escaped, "/..")) {
		tidy += "/"
	}
	return tidy
}

func setPath(u *url.URL, escaped string) {
	if plain, err := url.PathUnescape(escaped); err == nil {
		u.Path, u.RawPath = plain, escaped
	}
}
