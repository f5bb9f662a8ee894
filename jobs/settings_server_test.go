package jobs

import (
	"strings"
	"testing"
)

// TestCheckListen holds which addresses a daemon may listen on.
func TestCheckListen(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:0": "", "localhost:7070": "", "[::1]:7070": "",
		"0.0.0.0:7070": "", ":7070": "", "10.1.2.3:80": "", "example.com:80": "",
		"7070": "write HOST:PORT", "": "write HOST:PORT", "127.0.0.1:99999": `"99999" is no port`, "127.0.0.1:http": `"http" is no port`, "127.0.0.1:": `"" is no port`,
	} {
		err := CheckListen(address)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
}
