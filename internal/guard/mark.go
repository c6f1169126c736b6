package guard

import "time"

// Mark forbids mail to one address of an account, after a permanent bounce or a complaint.
type Mark struct {
	// Address is the address's hash, empty for no mark.
	Address string
	// At is when the mail bounced or was reported, in Unix milliseconds.
	At int64
	// Until is when the mark ends, in Unix milliseconds. Zero is a complaint's: it has no end.
	Until int64
}

// markDays is how long a permanent bounce forbids mail to the address, by SES's bounceSubType. A
// mailbox that does not exist stays so for long. SES itself takes an address off its own
// suppression list after 14 days. "General" is often a filter or a server that was set up wrongly,
// which a flood of mails can cause.
var markDays = map[string]int{"NoEmail": 30, "Suppressed": 14, "OnAccountSuppressionList": 14}

const generalDays = 7

// BounceMark returns the mark of a permanent bounce of the given SES bounceSubType.
func BounceMark(address, subType string, at time.Time) Mark {
	days, known := markDays[subType]
	if !known {
		days = generalDays
	}
	return Mark{address, at.UnixMilli(), at.AddDate(0, 0, days).UnixMilli()}
}

// ComplaintMark returns the mark of a complaint.
func ComplaintMark(address string, at time.Time) Mark {
	return Mark{Address: address, At: at.UnixMilli()}
}

// IsMarked reports whether the address with the given hash must not be mailed to now. A right
// answer after the event shows that mail arrives and is wanted, and ends the mark.
func (i Item) IsMarked(address string, now time.Time) bool {
	m := i.Mark
	return m.Address != "" && m.Address == address && i.UsedAt <= m.At && (m.Until == 0 || now.UnixMilli() < m.Until)
}
