package signin

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Address returns an address as the pool expects it: without spaces around it and invisible
// characters inside, in the form NFKC. The error has the reason why no code can be mailed to it,
// and not the address.
func Address(typed string) (string, error) {
	address := strings.TrimSpace(strings.Map(visible, norm.NFKC.String(typed)))
	if err := mail.ValidateAddress(address); err != nil {
		return address, fmt.Errorf("the address %w", err)
	}
	return address, nil
}

func visible(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return -1
	}
	return r
}
