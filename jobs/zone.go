package jobs

import (
	"fmt"
	"strings"
	"time"

	"snrun/steps"
)

// LoadZone finds a time zone by its IANA name, such as Europe/Berlin. With an error comes a hint, "" when there is none.
func LoadZone(name string) (zone *time.Location, hint string, err error) {
	switch {
	case name == "":
		return nil, "write a name such as Europe/Berlin or UTC", fmt.Errorf("the time zone is empty")
	case strings.EqualFold(name, "local"):
		return nil, "leave timezone out for the machine's own", fmt.Errorf("%q is no time zone of its own", name)
	case !strings.HasPrefix(name, "posix/") && !strings.HasPrefix(name, "right/"): // copies that some systems have; right/ counts leap seconds
		if zone, err = time.LoadLocation(name); err == nil {
			return zone, "", nil
		}
	}
	return nil, zoneHint(name), fmt.Errorf("the time zone %q is not known", name)
}

// ZoneBounds gives between which moments the clock of a time's location is not changed: the first and the one after the last, zero where
// there is none. The latter is always after the time. Beginnings of years may be among them, though nothing is changed then.
func ZoneBounds(t time.Time) (start, end time.Time) {
	start, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) { // on 31 December of leap years from 2040 on Go gives the beginning of that day
		_, end = t.Add(24 * time.Hour).ZoneBounds()
	}
	return start, end
}

// zoneHint advises which name to write instead.
func zoneHint(name string) string {
	if place, known := zoneAbbreviations()[strings.ToUpper(name)]; known {
		return fmt.Sprintf("abbreviations stand for several zones or for half a year; write the name of a place, such as %s", place)
	}
	if i := strings.IndexAny(name, "+-"); i >= 0 && strings.Trim(name[i+1:], "0123456789:") == "" {
		return "an offset does not say when the clock changes; write the name of a place, such as Europe/Berlin, or UTC"
	}
	candidates := commonZoneNames()
	if hint := steps.Nearest(name, candidates); hint != "" {
		return fmt.Sprintf("did you mean %q?", hint)
	}
	var cities []string
	for _, c := range candidates {
		cities = append(cities, c[strings.LastIndexByte(c, '/')+1:])
	}
	city := steps.Nearest(name[strings.LastIndexByte(name, '/')+1:], cities)
	for i, c := range cities {
		if c == city {
			return fmt.Sprintf("did you mean %q?", candidates[i])
		}
	}
	return "write an IANA name such as Europe/Berlin, America/New_York or UTC"
}

func zoneAbbreviations() map[string]string {
	return map[string]string{
		"CEST": "Europe/Berlin", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin", "BST": "Europe/London", "WEST": "Europe/Lisbon",
		"EEST": "Europe/Helsinki", "MSK": "Europe/Moscow", "EDT": "America/New_York", "ET": "America/New_York",
		"CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago", "MDT": "America/Denver", "MT": "America/Denver",
		"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles", "AKST": "America/Anchorage",
		"IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong",
		"AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "ACST": "Australia/Adelaide", "AWST": "Australia/Perth",
		"NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland", "BRT": "America/Sao_Paulo", "ART": "America/Argentina/Buenos_Aires",
	}
}

func commonZoneNames() []string { return strings.Fields(commonZones) }

// commonZones are the names that hints are taken from; any other that the zone database has is accepted too.
const commonZones = `
UTC Africa/Abidjan Africa/Accra Africa/Addis_Ababa Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Dakar
Africa/Harare Africa/Johannesburg Africa/Khartoum Africa/Kinshasa Africa/Lagos Africa/Luanda Africa/Maputo Africa/Nairobi
Africa/Tripoli Africa/Tunis Africa/Windhoek America/Anchorage America/Argentina/Buenos_Aires America/Asuncion America/Bogota
America/Caracas America/Chicago America/Costa_Rica America/Denver America/Edmonton America/El_Salvador America/Guatemala
America/Guayaquil America/Halifax America/Havana America/Jamaica America/La_Paz America/Lima America/Los_Angeles
America/Managua America/Manaus America/Mexico_City America/Montevideo America/Montreal America/New_York America/Nuuk
America/Panama America/Phoenix America/Puerto_Rico America/Regina America/Santiago America/Santo_Domingo America/Sao_Paulo
America/St_Johns America/Tijuana America/Toronto America/Vancouver America/Winnipeg Asia/Almaty Asia/Amman Asia/Baghdad
Asia/Bahrain Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Damascus Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh
Asia/Hong_Kong Asia/Irkutsk Asia/Jakarta Asia/Jerusalem Asia/Kabul Asia/Karachi Asia/Kathmandu Asia/Kolkata
Asia/Kuala_Lumpur Asia/Kuwait Asia/Macau Asia/Manila Asia/Muscat Asia/Nicosia Asia/Novosibirsk Asia/Omsk Asia/Phnom_Penh
Asia/Qatar Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran
Asia/Tokyo Asia/Ulaanbaatar Asia/Vladivostok Asia/Yangon Asia/Yekaterinburg Asia/Yerevan Atlantic/Azores Atlantic/Bermuda
Atlantic/Canary Atlantic/Madeira Atlantic/Reykjavik Australia/Adelaide Australia/Brisbane Australia/Darwin
Australia/Hobart Australia/Lord_Howe Australia/Melbourne Australia/Perth Australia/Sydney Europe/Amsterdam Europe/Athens
Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Chisinau
Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/Ljubljana Europe/London
Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Minsk Europe/Monaco Europe/Moscow Europe/Oslo Europe/Paris
Europe/Prague Europe/Riga Europe/Rome Europe/Samara Europe/Sarajevo Europe/Skopje Europe/Sofia Europe/Stockholm
Europe/Tallinn Europe/Tirane Europe/Vaduz Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zagreb Europe/Zurich
Indian/Maldives Indian/Mauritius Pacific/Apia Pacific/Auckland Pacific/Fiji Pacific/Guam Pacific/Honolulu
Pacific/Kiritimati Pacific/Noumea Pacific/Port_Moresby Pacific/Tahiti Pacific/Tongatapu`
