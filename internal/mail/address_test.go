package mail_test

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// A case of testdata/addresses.json, which the sign-in page is tested against too. The page turns
// Address into Normalized: it applies NFKC, drops default ignorable code points and trims white
// space. OK is set if Normalized can be mailed to. ValidateAddress refuses an Address that differs
// from Normalized.
type addressCase struct {
	Address    string `json:"address"`
	OK         bool   `json:"ok"`
	Normalized string `json:"normalized"`
	Why        string `json:"why"`
}

func TestValidateAddress(t *testing.T) {
	var cases []addressCase
	disk.ReadJSON(t, "testdata/addresses.json", &cases)
	for _, c := range cases {
		if err := mail.ValidateAddress(c.Normalized); (err == nil) != c.OK {
			t.Errorf("%s: ValidateAddress(%q) = %v, want ok %v", c.Why, c.Normalized, err, c.OK)
		} else if err != nil && len(c.Normalized) > 8 && strings.Contains(err.Error(), c.Normalized) {
			t.Errorf("%s: the error has the address: %v", c.Why, err)
		}
		if c.Address != c.Normalized && mail.ValidateAddress(c.Address) == nil {
			t.Errorf("%s: %q passes before it is normalized", c.Why, c.Address)
		}
		normalized := strings.TrimFunc(strings.Map(notIgnorable, norm.NFKC.String(c.Address)), unicode.IsSpace)
		if normalized != c.Normalized {
			t.Errorf("%s: %q is %q when normalized; the table has %q", c.Why, c.Address, normalized, c.Normalized)
		}
	}
}

// notIgnorable drops default ignorable code points (UAX 44), as far as the cases have them.
func notIgnorable(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return -1
	}
	return r
}

func TestValidateAddressNamesTheMistake(t *testing.T) {
	for address, want := range map[string]string{
		"":                                         "is empty",
		"jane.example.com":                         "has no @",
		"@example.com":                             "has nothing before the @",
		"jane@":                                    "has nothing after the @",
		"jane@doe@example.com":                     "before the @ that isn't allowed (byte 0x40)",
		"Jane <jane@example.com>":                  "without a display name or brackets",
		"jane@example.com\n":                       "in its domain that isn't allowed (byte 0x0a)",
		"ja\nne@example.com":                       "byte 0x0a",
		"jane\x00@example.com":                     "byte 0x00",
		"ja ne@example.com":                        "byte 0x20",
		"jane(work)@example.com":                   "byte 0x28",
		`"jane doe"@example.com`:                   "local part in quotes",
		".jane@example.com":                        "has a dot at the beginning",
		"jane..doe@example.com":                    "two in a row",
		"josé@example.com":                         "before the @ that isn't ASCII",
		"jane@bücher.example.com":                  `write it in its ASCII form, which begins with "xn--"`,
		"jane@localhost":                           "domain without a dot",
		"jane@example.com.":                        "empty label",
		"jane@ex_ample.com":                        "byte 0x5f",
		"jane@example-.com":                        "hyphen",
		"jane@192.0.2.1":                           "top-level domain of digits",
		strings.Repeat("j", 65) + "@example.com":   "has 65 bytes before the @; at most 64",
		"jane@" + strings.Repeat("a", 64) + ".com": "label of 64 bytes",
		strings.Repeat("j", 400) + "@example.com":  "has 412 bytes; at most 254",
	} {
		if err := mail.ValidateAddress(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ValidateAddress(%q) = %v, want %q", address, err, want)
		}
	}
}

// What is accepted is one address to another parser too, and the same one.
func FuzzValidateAddress(f *testing.F) {
	for _, s := range []string{"jane@example.com", "a+b@example.com", "jane@example.com,x@example.com",
		"\"a\"@example.com", "jane@xn--p1ai.com", "=?utf-8?q?x?=@example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if mail.ValidateAddress(s) != nil {
			return
		}
		list, err := netmail.ParseAddressList(s)
		if err != nil || len(list) != 1 || list[0].Address != s || list[0].Name != "" {
			t.Errorf("%q is accepted, but net/mail reads %v, %v", s, list, err)
		}
	})
}

func TestMask(t *testing.T) {
	for _, test := range []struct{ address, want string }{
		{"jane@example.com", "j***@e***.com"},
		{"jane.doe+news@mail.example.co.uk", "j***@m***.uk"},
		{"j@example.com", "j***@e***.com"},
		{"j@x.com", "j***@x***.com"},
		{"7seven@example.com", "7***@e***.com"},
		{"élodie@example.com", "é***@e***.com"},
		{"山田@example.com", "山***@e***.com"},
		{"jane@bücher.example", "j***@b***.example"},
		{"jane@xn--bcher-kva.example.com", "j***@x***.com"},
		{"_x@example.com", "***@e***.com"},
		{"\u0301x@example.com", "***@e***.com"},
		{"\u202ex@example.com", "***@e***.com"},
		{"\xff@example.com", "***@e***.com"},
		{`"a@b"@example.com`, "***@e***.com"},
		{"jane@localhost", "j***@l***"},
		{"jane@example.c\nm", "j***@e***"},
		{"jane@example." + strings.Repeat("x", 100), "j***@e***"},
		{"jane@", "j***@***"},
		{"@", "***@***"},
		{"jane", "***"},
		{"", "***"},
	} {
		if got := mail.Mask(test.address); got != test.want {
			t.Errorf("Mask(%q) = %q, want %q", test.address, got, test.want)
		}
	}
}

// A mask shows neither the length of the name nor that of the domain, however short they are.
func TestMaskShape(t *testing.T) {
	want := mail.Mask("j@e.com")
	for local := 1; local <= 64; local++ {
		for domain := 1; domain <= 60; domain++ {
			address := "j" + strings.Repeat("x", local-1) + "@e" + strings.Repeat("y", domain-1) + ".com"
			if got := mail.Mask(address); got != want {
				t.Fatalf("Mask gives %q for %d and %d letters, %q for one each", got, local, domain, want)
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"jane@example.com", "a@b.c", "@.", "\xff@\xff.\xff", "a@b@c.d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := mail.Mask(s)
		if !strings.Contains(got, "***") || strings.ContainsAny(got, "\r\n\x00<>\"") || len(got) > 110 {
			t.Errorf("Mask(%q) = %q", s, got)
		}
	})
}

func ExampleMask() {
	fmt.Println(mail.Mask("jane.doe@example.com"))
	fmt.Println(mail.Mask("j@mail.example.org"))
	// Output:
	// j***@e***.com
	// j***@m***.org
}

func ExampleGroup() {
	fmt.Println(mail.Group("123456"))
	fmt.Println(mail.Group("12345678"))
	fmt.Println(mail.Group("1234567890"))
	fmt.Println(mail.Group("12345678901234567890"))
	// Output:
	// 123 456
	// 1234 5678
	// 123 456 7890
	// 1234 5678 9012 3456 7890
}

func TestGroup(t *testing.T) {
	for code, want := range map[string]string{
		"": "", "1": "1", "1234": "1234", "1234567": "123 4567", "123456789": "123 456 789",
		"12345678901": "1234 5678 901", "123456789012": "1234 5678 9012", "1234567890123": "1234 5678 90123",
	} {
		if got := mail.Group(code); got != want {
			t.Errorf("Group(%q) = %q, want %q", code, got, want)
		}
	}
}
