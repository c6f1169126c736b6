package locale

import (
	"cmp"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// A clock is how a language writes a time of day.
type clock struct {
	layout string // of package time; "PM" stands for the language's own half of the day
	am, pm string
}

// clocks holds the languages that don't write 15:04. The hour cycles are CLDR's (timeData of the
// supplemental data, short time patterns of the main data).
var clocks = map[string]clock{
	"en": {layout: "3:04 PM", am: "AM", pm: "PM"},
	"de": {layout: "15:04 Uhr"},
	"ar": {layout: "3:04 PM", am: "ص", pm: "م"},
	"fi": {layout: "15.04"},
	"da": {layout: "15.04"},
	"id": {layout: "15.04"},
	"hi": {layout: "3:04 PM", am: "am", pm: "pm"},
	"ko": {layout: "PM 3:04", am: "오전", pm: "오후"},
	"el": {layout: "3:04 PM", am: "π.μ.", pm: "μ.μ."},
}

// regionalClocks holds the regions that differ from their language. An empty clock is 15:04.
var regionalClocks = map[string]clock{
	"en-GB": {}, "en-IE": {}, "en-ZA": {}, "en-DE": {}, "en-NL": {}, "en-SE": {}, "en-CH": {}, "en-AT": {}, "en-BE": {},
	"en-DK": {}, "en-FI": {}, "ar-MA": {}, "ar-DZ": {}, "ar-TN": {},
	"es-US": {layout: "3:04 PM", am: "a.\u00a0m.", pm: "p.\u00a0m."},
	"es-CO": {layout: "3:04 PM", am: "a.\u00a0m.", pm: "p.\u00a0m."},
	"fr-CA": {layout: "15 h 04"},
}

// TimeOfDay returns t's time of day, to the minute and in t's own location, as text in the language
// tag writes it ("7:31 AM", "07:31 Uhr"). The region of wanted, the user's locale, chooses among
// the clocks of a language ("19:31" in English for Dublin) if wanted is of that language. Digits
// are ASCII in every language, as the code's are.
func TimeOfDay(t time.Time, tag, wanted string) string {
	c := clockOf(tag, wanted)
	half := c.am
	if t.Hour() >= 12 {
		half = c.pm
	}
	before, after, found := strings.Cut(cmp.Or(c.layout, "15:04"), "PM")
	if !found {
		return t.Format(before)
	}
	if before != "" {
		before = t.Format(before)
	}
	if after != "" {
		after = t.Format(after)
	}
	return before + half + after
}

func clockOf(tag, wanted string) clock {
	base, region := subtags(tag)
	if b, r := subtags(wanted); b == base && r != "" {
		region = r
	}
	if c, ok := regionalClocks[base+"-"+region]; ok {
		return c
	}
	return clocks[base]
}

// subtags returns the language of tag and, if it names one, its region; both empty if it is
// malformed.
func subtags(tag string) (base, region string) {
	t, err := parseAttribute(tag)
	if err != nil {
		return "", ""
	}
	b, _ := t.Base()
	if r, confidence := t.Region(); confidence == language.Exact {
		region = r.String()
	}
	return b.String(), region
}
