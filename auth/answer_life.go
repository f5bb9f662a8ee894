package auth

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// maxLifetime is what a lifetime beyond it is taken for.
const maxLifetime = 10 * 365 * 24 * time.Hour

// lifeUnits are the units in which servers count expires_in, by their names in expires_unit.
var lifeUnits = map[string]time.Duration{
	"": time.Second, "seconds": time.Second, "milliseconds": time.Millisecond, "minutes": time.Minute, "hours": time.Hour,
}

// life is how long the access token lives.
func (f fields) life(unit string) time.Duration {
	if unit == "timestamp" {
		return f.until("expires_in", "expires_at", "expires_on")
	}
	return lifetime(f["expires_in"], lifeUnits[unit])
}

// refreshLife is how long the refresh token lives. No standard has a name for it: Keycloak writes refresh_expires_in, Microsoft
// and GitHub refresh_token_expires_in, Intuit puts an x_ before that.
func (f fields) refreshLife(unit string) time.Duration {
	for _, name := range []string{"refresh_expires_in", "refresh_token_expires_in", "x_refresh_token_expires_in"} {
		life := lifetime(f[name], lifeUnits[unit])
		if unit == "timestamp" {
			life = f.until(name)
		}
		if life > 0 {
			return life
		}
	}
	return f.until("refresh_token_expires_at", "refresh_expires_at")
}

// until is the time to the first of these points in time that lies ahead, 0 for none.
func (f fields) until(names ...string) time.Duration {
	for _, name := range names {
		if life := timestamp(f[name]); life > 0 {
			return life
		}
	}
	return 0
}

// lifetime reads a lifetime: a number, also as text, with a fraction or an exponent. What is not more than zero counts as not
// said; what is beyond ten years, or beyond all numbers, as ten years.
func lifetime(v any, unit time.Duration) time.Duration {
	count, ok := positive(v)
	if !ok {
		return 0
	}
	if count > float64(maxLifetime)/float64(unit) {
		return maxLifetime
	}
	return time.Duration(count * float64(unit))
}

// timestamp gives the time until a point in time: seconds or milliseconds since 1970, or a date as RFC 3339 writes it.
func timestamp(v any) time.Duration {
	if text, ok := v.(string); ok {
		if at, err := time.Parse(time.RFC3339, strings.TrimSpace(text)); err == nil {
			return min(max(0, time.Until(at)), maxLifetime)
		}
	}
	const lastSecond = 1e11 // beyond it, in the year 5138, a number counts milliseconds
	count, ok := positive(v)
	if count > lastSecond {
		count /= 1000
	}
	if !ok || count > lastSecond {
		return 0
	}
	return min(max(0, time.Until(time.UnixMilli(int64(count*1000)))), maxLifetime)
}

// positive reads a number that is more than zero.
func positive(v any) (float64, bool) {
	number, ok := numberOf(v)
	return number, ok && number > 0
}

// numberOf reads a number, which may stand there as text; one beyond all numbers is an infinity.
func numberOf(v any) (float64, bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	}
	if strings.Trim(text, "0123456789.+-eE") != "" { // ParseFloat knows infinities, hexadecimal numbers and more
		return 0, false
	}
	// An overflow gives an infinity beside its error.
	number, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return number, true
}
