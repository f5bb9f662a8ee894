package httpsig

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

// TestContentDigest has the examples of RFC 9530 (§2, B.1 to B.3) and of RFC 9421 (B.2).
func TestContentDigest(t *testing.T) {
	t.Parallel()
	tests := []struct{ content, want string }{
		{"{\"hello\": \"world\"}\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
		{"{\"hello\": \"world\"}\n", "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"},
		{"", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"},
		{"\"world\"}\n", "sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:"},
		{`{"hello": "world"}`, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"},
		{`{"hello": "world"}`, "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"},
		{`{"message": "good dog"}`, "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"},
		{`{"busy": true, "message": "Your call is very important to us"}`, "sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:"},
	}
	for _, tt := range tests {
		algorithm, _, _ := strings.Cut(tt.want, "=")
		got, err := ContentDigest(algorithm, strings.NewReader(tt.content))
		if err != nil || got != tt.want {
			t.Errorf("%q: got %s, %v, want %s", tt.content, got, err, tt.want)
		}
		if err := CheckContentDigest([]string{tt.want}, strings.NewReader(tt.content)); err != nil {
			t.Errorf("%q: %v", tt.content, err)
		}
	}
	if _, err := ContentDigest("md5", strings.NewReader("")); err == nil || err.Error() != "there is no digest md5" {
		t.Errorf("md5: %v", err)
	}
	broken := errors.New("broken")
	if _, err := ContentDigest(SHA256, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("content that cannot be read: %v", err)
	}
}

func TestCheckContentDigest(t *testing.T) {
	t.Parallel()
	const right, wrong = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", "sha-512=:WZDPaQ==:"
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"right", []string{right}, ""},
		{"right beside an unknown one", []string{"md5=:AAAA:, " + right}, ""},
		{"one of two wrong", []string{right, wrong}, "the content does not have the digest sha-512 that Content-Digest gives"},
		{"a string", []string{`sha-256="X48E9q"`}, "the content does not have the digest sha-256 that Content-Digest gives"},
		{"none", nil, "the header Content-Digest has no digest of an algorithm that is known"},
		{"unknown", []string{"md5=:AAAA:"}, "the header Content-Digest has no digest of an algorithm that is known"},
		{"no dictionary", []string{"=1"}, "the header Content-Digest: invalid key format: character 0"},
	}
	for _, tt := range tests {
		got := ""
		if err := CheckContentDigest(tt.lines, strings.NewReader(`{"hello": "world"}`)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
