package auth

const grantDeviceCode = "device_code"

// deviceGrant has a person sign in on another device (RFC 8628).
func deviceGrant() Grant {
	return Grant{
		Name:      grantDeviceCode,
		Summary:   "a person signs in once, on any device, with `snrun auth login`",
		needs:     []string{"device_url"},
		refreshes: true,
		keeps:     true,
	}
}
