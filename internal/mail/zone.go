package mail

import (
	"strings"
	"time"
)

// maxZone is the longest zoneinfo attribute that is looked up; the longest name of the IANA
// database, "America/Argentina/ComodRivadavia", has 32 bytes.
const maxZone = 48

// zone returns the time zone called name, and UTC for anything that isn't one: the attribute is its
// user's to write, so that it is never a path ("../…", which LoadLocation refuses too) nor "Local",
// which would be the server's own.
func zone(name string) *time.Location {
	if name == "" || len(name) > maxZone || !strings.Contains(name, "/") {
		return time.UTC
	}
	for i := range len(name) {
		if c := name[i]; !alphanumeric(c) && !strings.ContainsRune("/_-+", rune(c)) {
			return time.UTC
		}
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return location
}

// zoneName is how a person reads a zone: "America/New York".
func zoneName(l *time.Location) string { return strings.ReplaceAll(l.String(), "_", " ") }
