package auth

import (
	"encoding/base64"
	hexcode "encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// checkSharedKey looks at the key of the settings key and key_encoding, where it is known already.
func checkSharedKey(s Settings) []Problem {
	text, known := s["key"].(string)
	if !known {
		return nil
	}
	if _, err := decodeKey(text, s.text("key_encoding")); err != nil {
		return []Problem{{Path: "auth.key", Message: err.Error(), Hint: "check key_encoding, and that the secret is whole"}}
	}
	return nil
}

// decodeKey gives the bytes of a key that both sides know. Its errors do not show it.
func decodeKey(text, encoding string) ([]byte, error) {
	key, err := []byte(text), error(nil)
	switch encoding {
	case "base64":
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(text))
		key, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	case "hex":
		key, err = hexcode.DecodeString(strings.TrimSpace(text))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the key is not %s", encoding) // the library's error quotes a part of it
	case len(key) == 0:
		return nil, errors.New("the key is empty")
	}
	return key, nil
}
