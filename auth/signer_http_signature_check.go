package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"snrun/auth/httpsig"
)

func checkHTTPSignature(p Profile) []Problem {
	return slices.Concat(checkSigningKey(p.Settings), checkComponents(p.Settings), checkSignatureParams(p.Settings))
}

// checkSigningKey asks whether there is the one key that the algorithm signs with.
func checkSigningKey(s Settings) []Problem {
	algorithm := s.text("algorithm")
	if !slices.Contains(httpsig.Algorithms(), algorithm) {
		return nil // told already, or not known yet
	}
	needed, useless := []string{"private_key", "private_key_file"}, []string{"key", "key_encoding"}
	if algorithm == httpsig.HMACSHA256 {
		needed, useless = []string{"key"}, []string{"private_key", "private_key_file"}
	}
	var problems []Problem
	for _, name := range useless {
		if s.has(name) {
			problems = append(problems, Problem{
				Path: "auth." + name, Message: fmt.Sprintf("algorithm %s does not use %s", algorithm, name), Hint: "leave it out, and give " + needed[0],
			})
		}
	}
	switch given := slices.DeleteFunc(slices.Clone(needed), func(name string) bool { return !s.has(name) }); {
	case len(given) == 0:
		return append(problems, Problem{
			Path: "auth." + needed[0], Message: fmt.Sprintf("algorithm %s needs %s", algorithm, strings.Join(needed, " or ")),
			Hint: fmt.Sprintf("add %s: ${secret.NAME}", needed[0]),
		})
	case len(given) == 2:
		return append(problems, Problem{Path: "auth.private_key_file", Message: "there is private_key too", Hint: "leave one of the two out"})
	}
	return append(problems, checkKeyText(s, algorithm)...)
}

// checkKeyText looks at a key that stands in the profile; a file is read when the keyring is made.
func checkKeyText(s Settings, algorithm string) []Problem {
	if algorithm == httpsig.HMACSHA256 {
		if problems := checkSharedKey(s); len(problems) > 0 {
			return problems
		}
	}
	text, known := s["private_key"].(string)
	if !known {
		return nil
	}
	key, err := parsePrivateKey(text)
	if err == nil {
		_, err = newPairKey(algorithm, key)
	}
	if mistake, ok := errors.AsType[*keyError](err); ok {
		return []Problem{mistake.problem("auth.private_key")}
	}
	return nil
}

// unsignable are the headers that are written for one connection, or after signing.
func unsignable() []string {
	return []string{"connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
}

// checkComponents finds what cannot be signed in any request.
func checkComponents(s Settings) []Problem {
	texts, known := s["components"].([]string)
	if known && len(texts) == 0 {
		return []Problem{{
			Path: "auth.components", Message: "a signature over nothing says nothing about the request",
			Hint: `name what is signed, such as "@method" and "@target-uri", or leave components out`,
		}}
	}
	var problems []Problem
	var covered []httpsig.Component
	for i, text := range texts {
		c, err := httpsig.ParseComponent(text)
		hint := `write headers by their names, and "@method", "@target-uri", "@authority", "@path" or "@query", in quotes`
		if err == nil {
			err, hint = checkSignable(c), "leave it out"
		}
		if err == nil {
			_, err = httpsig.New("sig1", append(covered, c), httpsig.Params{})
		}
		if err != nil {
			problems = append(problems, Problem{Path: fmt.Sprintf("auth.components[%d]", i), Message: err.Error(), Hint: hint})
			continue
		}
		covered = append(covered, c)
	}
	return problems
}

func checkSignable(c httpsig.Component) error {
	switch {
	case c.Name() == "@status" || c.Bound():
		return fmt.Errorf("%s is for signatures of answers", c)
	case slices.Contains(unsignable(), c.Name()):
		return fmt.Errorf("%s is not the same everywhere on the way of a request, so it cannot be signed", c)
	}
	return nil
}

// checkSignatureParams looks at what is written beside the components.
func checkSignatureParams(s Settings) []Problem {
	var problems []Problem
	if label, known := s["label"].(string); known {
		if _, err := httpsig.New(label, nil, httpsig.Params{}); err != nil {
			problems = append(problems, Problem{
				Path: "auth.label", Message: fmt.Sprintf("%q is no label of a signature", label),
				Hint: "write lower-case letters, digits, _, - and ., a letter first: sig1",
			})
		}
	}
	for _, name := range []string{"key_id", "tag"} {
		if _, err := httpsig.New("sig1", nil, httpsig.Params{Tag: s.text(name)}); err != nil {
			problems = append(problems, Problem{
				Path: "auth." + name, Message: name + " holds a character that cannot stand in a signature", Hint: "write ASCII characters on one line",
			})
		}
	}
	if d, known := s["expires"].(time.Duration); known && d < time.Second {
		problems = append(problems, Problem{Path: "auth.expires", Message: "expires must be a second or more", Hint: "write a duration such as 5m"})
	}
	return problems
}
