package auth

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadAnswerReadsLifetimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `3600.0`: time.Hour, `" 3600 "`: time.Hour, `3.6e3`: time.Hour, `"1e3"`: 1000 * time.Second,
		`0.5`: time.Second / 2, `9223372036854775808`: maxLifetime, `1e999`: maxLifetime, `"1e999999999999"`: maxLifetime,
		`0`: 0, `-1`: 0, `-9223372036854775808`: 0, `-1e999`: 0, `""`: 0, `null`: 0, `"soon"`: 0, `"inf"`: 0, `"NaN"`: 0, `"0x10"`: 0, `"1_000"`: 0,
		`true`: 0, `[3600]`: 0, `{"a":1}`: 0, `"-"`: 0, `1e-300`: 0,
	} {
		body := `{"access_token":"T","expires_in":` + text + `}`
		got, failed := readAnswer(responseOf(http.StatusOK, "application/json", body), answerForm{})
		if failed != nil || got.life != want {
			t.Errorf("expires_in %s: got %v, %v, want %v", text, got.life, failed, want)
		}
	}
}

func TestLifetimesInOtherUnits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		unit, members string
		want          time.Duration
	}{
		{"", `"expires_in":90`, 90 * time.Second},
		{"seconds", `"expires_in":90`, 90 * time.Second},
		{"milliseconds", `"expires_in":90`, 90 * time.Millisecond},
		{"milliseconds", `"expires_in":"1800000.0"`, 30 * time.Minute},
		{"minutes", `"expires_in":1.5`, 90 * time.Second},
		{"hours", `"expires_in":2`, 2 * time.Hour},
		{"hours", `"expires_in":9223372036854775808`, maxLifetime},
		{"hours", `"expires_in":87601`, maxLifetime},
		{"milliseconds", `"expires_in":1e999`, maxLifetime},
		{"minutes", `"expires_in":-5`, 0},
		{"seconds", `"expires_at":946684890`, 0}, // of a timestamp only where the profile says so

		// In a bubble it is midnight of the first of January 2000, UTC.
		{"timestamp", `"expires_in":946684890`, 90 * time.Second},
		{"timestamp", `"expires_in":946684890000`, 90 * time.Second},
		{"timestamp", `"expires_at":"946684890.5"`, 90*time.Second + 500*time.Millisecond},
		{"timestamp", `"expires_on":"2000-01-01T00:01:30Z"`, 90 * time.Second},
		{"timestamp", `"expires_at":"2000-01-01T02:01:30+02:00"`, 90 * time.Second},
		{"timestamp", `"expires_in":946684800`, 0},
		{"timestamp", `"expires_in":3600`, 0},
		{"timestamp", `"expires_in":3600,"expires_at":946684890`, 90 * time.Second},
		{"timestamp", `"expires_at":"1999-12-31T23:59:59Z"`, 0},
		{"timestamp", `"expires_at":99999999999`, maxLifetime},
		{"timestamp", `"expires_at":"9999-12-31T23:59:59Z"`, maxLifetime},
		{"timestamp", `"expires_at":9223372036854775808`, 0},
		{"timestamp", `"expires_at":1e999`, 0},
		{"timestamp", `"expires_at":"tomorrow"`, 0},
		{"timestamp", `"expires_at":null`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.unit+" "+tt.members, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				body := fmt.Sprintf(`{"access_token":"T",%s}`, tt.members)
				got, failed := readAnswer(responseOf(http.StatusOK, "application/json", body), answerForm{unit: tt.unit})
				if failed != nil || got.life != tt.want {
					t.Errorf("got %v, %v, want %v", got.life, failed, tt.want)
				}
			})
		})
	}
}

func TestLifeOfTheRefreshToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, unit, members string
		want                time.Duration
	}{
		{"Keycloak", "", `"refresh_expires_in":1800`, 30 * time.Minute},
		{"Keycloak, offline", "", `"refresh_expires_in":0`, 0},
		{"Microsoft, GitHub", "", `"refresh_token_expires_in":"86400"`, 24 * time.Hour},
		{"Intuit", "", `"x_refresh_token_expires_in":8726400.0`, 101 * 24 * time.Hour},
		{"a point in time", "", `"refresh_token_expires_at":"2000-01-01T01:00:00Z"`, time.Hour},
		{"a point in time, by number", "", `"refresh_expires_at":946688400`, time.Hour},
		{"in the profile's unit", "minutes", `"refresh_expires_in":90`, 90 * time.Minute},
		{"timestamps", "timestamp", `"refresh_expires_in":946688400`, time.Hour},
		{"nothing", "", `"expires_in":60`, 0},
		{"negative", "", `"refresh_expires_in":-1`, 0},
		{"nonsense", "", `"refresh_expires_in":{"a":1}`, 0},
		{"without bounds", "", `"refresh_expires_in":1e999`, maxLifetime},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				body := fmt.Sprintf(`{"access_token":"T","refresh_token":"R",%s}`, tt.members)
				got, failed := readAnswer(responseOf(http.StatusOK, "application/json", body), answerForm{unit: tt.unit})
				if failed != nil || got.refreshLife != tt.want {
					t.Errorf("got %v, %v, want %v", got.refreshLife, failed, tt.want)
				}
			})
		})
	}
}
