package mail

import (
	"cmp"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The longest address and its parts, in bytes: RFC 5321, section 4.5.3.1, whose path of 256 has two
// angle brackets, and RFC 1035, section 2.3.4.
const (
	maxAddress   = 254
	maxLocalPart = 64
	maxDomain    = 253
	maxLabel     = 63
)

// ValidateAddress checks that address is one e-mail address that Amazon SES can mail to: a local
// part of 1 to 64 ASCII letters, digits and !#$%&'*+-/=?^_`{|}~, with single dots inside, and a
// domain name of at least two labels; 254 bytes in all. Every part of EmailOTP that accepts an
// address accepts these, and the sign-in page is tested against the same cases:
// testdata/addresses.json.
//
// It refuses three things that RFC 5322 allows. A display name, comments and angle brackets: a
// parser reads them, a person overlooks them. A local part in quotes, in which even spaces and "@"
// are part of the name. And a domain in Unicode: it must have its ASCII form
// ("xn--bcher-kva.example.com"), because the editions of IDNA turn some names ("ß") into different
// ones, and a code must go to the domain that was verified.
//
// The error doesn't hold the address; it continues a sentence ("has no @").
func ValidateAddress(address string) error {
	if address == "" {
		return errors.New("is empty")
	}
	if len(address) > maxAddress {
		return fmt.Errorf("has %d bytes; at most %d are allowed", len(address), maxAddress)
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return errors.New("has no @; write one address like name@example.com")
	}
	if err := validateLocalPart(address[:at]); err != nil {
		return err
	}
	return validateDomain(address[at+1:])
}

func validateLocalPart(local string) error {
	switch {
	case local == "":
		return errors.New("has nothing before the @")
	case len(local) > maxLocalPart:
		return fmt.Errorf("has %d bytes before the @; at most %d are allowed", len(local), maxLocalPart)
	case local[0] == '"':
		return errors.New("has a local part in quotes, which isn't supported")
	case local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, ".."):
		return errors.New("has a dot at the beginning or end of its local part, or two in a row")
	}
	for i := range len(local) {
		if c := local[i]; c >= 0x80 {
			return errors.New("has a character before the @ that isn't ASCII, which SES doesn't accept")
		} else if !alphanumeric(c) && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", rune(c)) {
			return fmt.Errorf("has a character before the @ that isn't allowed (byte %#02x); "+
				"write the bare address, without a display name or brackets", c)
		}
	}
	return nil
}

func validateDomain(domain string) error {
	switch {
	case domain == "":
		return errors.New("has nothing after the @")
	case len(domain) > maxDomain:
		return fmt.Errorf("has a domain of %d bytes; at most %d are allowed", len(domain), maxDomain)
	case strings.IndexFunc(domain, func(r rune) bool { return r >= 0x80 }) >= 0:
		return errors.New(`has a domain that isn't ASCII; write it in its ASCII form, which begins with "xn--"`)
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return errors.New("has a domain without a dot")
	}
	for _, label := range labels {
		if err := validateLabel(label); err != nil {
			return err
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return errors.New("has a top-level domain of digits alone")
	}
	return nil
}

func validateLabel(label string) error {
	switch {
	case label == "":
		return errors.New("has an empty label in its domain")
	case len(label) > maxLabel:
		return fmt.Errorf("has a label of %d bytes in its domain; at most %d are allowed", len(label), maxLabel)
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("has a label in its domain that begins or ends with a hyphen")
	}
	for i := range len(label) {
		if c := label[i]; !alphanumeric(c) && c != '-' {
			return fmt.Errorf("has a character in its domain that isn't allowed (byte %#02x)", c)
		}
	}
	return nil
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// FormatFrom returns the From header's value for the sender that m has.
func FormatFrom(m settings.Mail) string { return formatFrom(cmp.Or(m.FromName, m.ProductName), m.From) }

// formatFrom returns a From header's value: a display name in ASCII as a quoted string, any other
// encoded as RFC 2047 defines, so that no name reads as an address or ends the header.
func formatFrom(name, address string) string {
	a := netmail.Address{Name: name, Address: address}
	return a.String()
}
