package rules

import (
	"slices"
	"strings"
	"time"
)

// DateLayout is the form of an acknowledgement's last day, for package time.
const DateLayout = time.DateOnly

// untilMark stands before the last day in a mark.
const untilMark = " until "

// Mark returns the text that acknowledges the finding in a template's metadata, such as
// "USER_SRP_AUTH:LegacyClient2F8A1B3C", or with a last day "USER_SRP_AUTH:LegacyClient2F8A1B3C
// until 2027-03-31".
func (f Finding) Mark() string { return NewMark(f.Kind, f.ID, f.Until) }

// NewMark returns what [Finding.Mark] does, for an acknowledgement without a finding.
func NewMark(kind Kind, id, until string) string {
	mark := string(kind) + ":" + id
	if until != "" {
		mark += untilMark + until
	}
	return mark
}

// SplitMark returns what [NewMark] made a mark of.
func SplitMark(mark string) (kind Kind, id, until string) {
	mark, until, _ = strings.Cut(mark, untilMark)
	before, id, _ := strings.Cut(mark, ":")
	return Kind(before), id, until
}

// LastDays returns the last day of each of the marks that acknowledge a kind of finding about a
// resource; empty for one without an end.
func LastDays(marks []string, kind Kind, id string) (days []string) {
	for _, mark := range marks {
		rest, found := strings.CutPrefix(mark, NewMark(kind, id, ""))
		day, hasEnd := strings.CutPrefix(rest, untilMark)
		if found && (rest == "" || hasEnd && day != "") {
			days = append(days, day)
		}
	}
	return days
}

// HasEnded reports whether an acknowledgement's last day is over, in UTC. A text that is no date
// has ended; an empty one never does.
func HasEnded(day string, now time.Time) bool {
	if day == "" {
		return false
	}
	_, err := time.Parse(DateLayout, day)
	return err != nil || now.UTC().Format(DateLayout) > day
}

// Acknowledge separates the findings that are acknowledged from all others. lastDays returns the
// last day of each acknowledgement of a finding, and nothing for a finding without one. Nothing
// acknowledges an error: those stay open.
func Acknowledge(all []Finding, now time.Time, lastDays func(Finding) []string) (open, accepted []Finding) {
	open, accepted = []Finding{}, []Finding{}
	for _, f := range all {
		days := lastDays(f)
		lasting := slices.DeleteFunc(slices.Clone(days), func(day string) bool { return HasEnded(day, now) })
		switch {
		case !f.Kind.IsBypass() || len(days) == 0:
			open = append(open, f)
		case len(lasting) == 0:
			f.Ended = slices.Max(days)
			open = append(open, f)
		default:
			if !slices.Contains(lasting, "") {
				f.Until = slices.Max(lasting)
			}
			accepted = append(accepted, f)
		}
	}
	return open, accepted
}
