package auth

import "time"

// record is all that is kept of a profile's sign-in.
type record struct {
	State          State     `json:"state"`
	Access         string    `json:"access,omitempty"`
	Issued         time.Time `json:"issued,omitzero"` // the start of the request that gave it
	Expires        time.Time `json:"expires,omitzero"`
	Refresh        string    `json:"refresh,omitempty"`
	RefreshExpires time.Time `json:"refresh_expires,omitzero"`
	LastOK         time.Time `json:"last_ok,omitzero"`
}
