// Package mail renders the mail with a sign-in code: subject, plain text and HTML from one layout
// and the strings of a dozen languages, all of which an importer can replace.
//
// At synth, package compile checks an importer's brand, strings and templates by rendering every
// language with worst-case values, and writes one canonical mail.json. In the Lambda, [Load] reads
// that file, or [New] accepts a [Config]. Both return a [Renderer], which parses the layout once
// and a language at its first mail. The Lambda links no template engine.
//
// The package uses no AWS service. Comments name Amazon SES where a limit is its own.
package mail

import (
	"cmp"
	"fmt"
	"time"
)

// LongCode is the number of digits from which a code counts as long: the mail then has a sentence
// about the reason, and the code in smaller type. Short codes have at most 10 digits, long ones 20.
const LongCode = 11

// maxCode bounds the digits of a code; anything longer is a caller's mistake.
const maxCode = 40

// A Message is the content of one mail. Its values may be malformed.
type Message struct {
	// Kind is what the mail is about; the zero value is a sign-in.
	Kind Kind
	// To is the recipient's address, which [ValidateAddress] must accept.
	To string
	// Code is the code: ASCII digits, without spaces. It is not looked at if the kind has none.
	Code string
	// Fallback is a second, longer code, to be entered only where a longer code is asked for; empty
	// for none.
	Fallback string
	// ExpiresIn is how long the code is still valid. It is rounded down to minutes; below one the
	// mail has "less than a minute".
	ExpiresIn time.Duration
	// RequestedAt is the time of the request for the code; zero leaves the sentence about it out.
	RequestedAt time.Time
	// Zoneinfo is the user's zoneinfo attribute, a name of the IANA time zone database. Any other
	// value counts as UTC.
	Zoneinfo string
	// Locale is the user's locale attribute. A value that matches no language counts as
	// Config.DefaultLocale.
	Locale string
}

// A Mail is a message as a mail service accepts it.
type Mail struct {
	// From is the sender as a From header has it: display name encoded after RFC 2047, then the
	// address.
	From string
	// To is the recipient's bare address.
	To string
	// ReplyTo holds the address that answers go to, if one is configured.
	ReplyTo []string
	// Subject is one line of Unicode text, not encoded.
	Subject string
	// Text and HTML are the two forms of the body, with the same content.
	Text, HTML string
	// Headers are the further headers to send, in order.
	Headers []Header
	// Tags are the message tags to send with Amazon SES.
	Tags []Tag
	// Language is the BCP 47 tag of the language that was chosen.
	Language string
	// Decoy marks a mail without a code to SES's mailbox simulator. It yields to mails with codes
	// where SES limits the account's rate.
	Decoy bool
}

// A Header is one header field of a mail, its value in ASCII.
type Header struct{ Name, Value string }

// A Tag is a message tag of Amazon SES.
type Tag struct{ Name, Value string }

// Render writes the mail for m. It fails if the recipient's address or the code isn't well-formed;
// no error holds the address or the code.
func (r *Renderer) Render(m Message) (Mail, error) {
	if err := ValidateAddress(m.To); err != nil {
		return Mail{}, fmt.Errorf("recipient's address %w", err)
	}
	if !m.Kind.HasCode() {
		m.Code, m.Fallback = "", ""
	} else if err := validateCode(m.Code); err != nil {
		return Mail{}, err
	}
	if m.Fallback != "" {
		if err := validateCode(m.Fallback); err != nil {
			return Mail{}, fmt.Errorf("fallback %w", err)
		}
	}
	f, form := r.Facts(m), Form{}
	if m.Kind == SignIn {
		var err error
		if form, err = r.compiled.form(f); err != nil {
			return Mail{}, err
		}
	}
	var err error
	if form.Subject == "" || form.Text == "" {
		subject, text, err := r.plain(f)
		if err != nil {
			return Mail{}, err
		}
		form.Subject, form.Text = cmp.Or(form.Subject, subject), cmp.Or(form.Text, text)
	}
	if form.HTML == "" {
		if form.HTML, err = r.html(f); err != nil {
			return Mail{}, err
		}
	}
	if err := CheckSubject(form.Subject); err != nil {
		return Mail{}, err
	}
	out := Mail{From: r.from, To: m.To, Subject: form.Subject, Text: form.Text, HTML: form.HTML,
		Headers: headers(f.Language), Tags: r.tags, Language: f.Language}
	if r.config.ReplyTo != "" {
		out.ReplyTo = []string{r.config.ReplyTo}
	}
	return out, nil
}

func validateCode(code string) error {
	if code == "" || len(code) > maxCode {
		return fmt.Errorf("code must have 1 to %d digits (it has %d)", maxCode, len(code))
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return fmt.Errorf("code must consist of the digits 0 to 9 (character %d of %d is none)", i+1, len(code))
		}
	}
	return nil
}

// headers returns the headers that mark an automatic mail, to which answering machines send no
// reply (RFC 3834; X-Auto-Response-Suppress is Exchange's). There is no List- header: a sign-in
// code is no list mail, and a user who unsubscribed could not sign in.
func headers(tag string) []Header {
	return []Header{
		{"Auto-Submitted", "auto-generated"},
		{"X-Auto-Response-Suppress", "All"},
		{"Content-Language", tag},
	}
}
