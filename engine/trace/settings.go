package trace

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// settings are what the environment says of the collector.
type settings struct {
	endpoint *url.URL
	headers  []header
	timeout  time.Duration
	gzip     bool
	tls      *tls.Config
}

// header goes with each delivery. Most have a key to sign in with.
type header struct{ name, value string }

// prefix begins the names of the variables, which the specification of OpenTelemetry has.
const prefix = "OTEL_EXPORTER_OTLP_"

// reader reads variables. One for traces stands before the one for all signals.
type reader func(string) string

// either gives the value of a variable and its name.
func (get reader) either(name string) (value, variable string) {
	if value := get(prefix + "TRACES_" + name); value != "" {
		return value, prefix + "TRACES_" + name
	}
	return get(prefix + name), prefix + name
}

// readSettings gives nil where no traces are wanted.
func readSettings(getenv func(string) string) (*settings, error) {
	get := reader(getenv)
	if on, _ := strconv.ParseBool(get("OTEL_SDK_DISABLED")); on || get("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	endpoint, variable := get.either("ENDPOINT")
	if endpoint == "" {
		return nil, nil
	}
	s := &settings{}
	var err error
	if s.endpoint, err = parseEndpoint(endpoint); err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	if variable == prefix+"ENDPOINT" {
		s.endpoint = s.endpoint.JoinPath("v1/traces")
	}
	return s, errors.Join(checkExporter(get), s.readHeaders(get), s.readManner(get), s.readTLS(get))
}

// parseEndpoint reads the address of a collector. Its errors do not quote it, since it may hold a password.
func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("this is no address such as http://127.0.0.1:4318")
	}
	u.Path = cmp.Or(u.Path, "/")
	return u, nil
}

// checkExporter refuses ways of delivery that are not known here.
func checkExporter(get reader) error {
	if name := get("OTEL_TRACES_EXPORTER"); name != "" && name != "otlp" {
		return fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not known here, only otlp and none are", name)
	}
	if name, variable := get.either("PROTOCOL"); name != "" && name != "http/protobuf" {
		return fmt.Errorf("%s: %q is not spoken here; write http/protobuf, and the collector's port for HTTP (4318) into the endpoint", variable, name)
	}
	return nil
}

// readHeaders reads name=value, name=value. Names and values are escaped as in a URL.
func (s *settings) readHeaders(get reader) error {
	list, variable := get.either("HEADERS")
	for _, pair := range strings.Split(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.PathUnescape(strings.TrimSpace(name))
		value, valueErr := url.PathUnescape(strings.TrimSpace(value))
		if nameErr != nil || valueErr != nil || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return fmt.Errorf("%s: write it as name=value,name=value", variable)
		}
		s.headers = append(s.headers, header{name, value})
	}
	return nil
}

// readManner reads how deliveries are made.
func (s *settings) readManner(get reader) error {
	s.timeout = 10 * time.Second
	if text, variable := get.either("TIMEOUT"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			return fmt.Errorf("%s: %q is no number of milliseconds", variable, text)
		}
		s.timeout = time.Duration(n) * time.Millisecond
	}
	switch text, variable := get.either("COMPRESSION"); text {
	case "", "none":
	case "gzip":
		s.gzip = true
	default:
		return fmt.Errorf("%s: %q is not known, only gzip and none are", variable, text)
	}
	return nil
}

// readTLS reads whom to trust, and the certificate to show.
func (s *settings) readTLS(get reader) error {
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if file, variable := get.either("CERTIFICATE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s: there is no PEM certificate in %s", variable, file)
		}
	}
	if file, variable := get.either("CLIENT_CERTIFICATE"); file != "" {
		key, _ := get.either("CLIENT_KEY")
		pair, err := tls.LoadX509KeyPair(file, key)
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		s.tls.Certificates = []tls.Certificate{pair}
	}
	return nil
}

// secrets are what signs in to the collector: whole headers, what stands behind a word such as Bearer, and the address's password.
func (s *settings) secrets() []string {
	var list []string
	for _, h := range s.headers {
		_, credential, _ := strings.Cut(strings.TrimSpace(h.value), " ")
		list = append(list, h.value, credential)
	}
	password, _ := s.endpoint.User.Password()
	return append(list, password)
}

// place is the collector's address as it may be shown.
func (s *settings) place() string {
	return (&url.URL{Scheme: s.endpoint.Scheme, Host: s.endpoint.Host, Path: s.endpoint.Path}).String()
}
