package mail_test

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

func TestValidateAddress(t *testing.T) {
	label := strings.Repeat("a", 63)
	for _, test := range []struct{ name, address, want string }{
		{"a plain address", "jane@example.com", ""},
		{"a plus address", "jane+tag@example.com", ""},
		{"dots", "jane.q.doe@mail.example.com", ""},
		{"one letter", "j@example.com", ""},
		{"everything that RFC 5322 allows without quotes", "a!#$%&'*+-/=?^_`{|}~0@example.com", ""},
		{"a domain in its ASCII form", "jane@xn--bcher-kva.example.com", ""},
		{"a top-level domain in its ASCII form", "jane@example.xn--p1ai", ""},
		{"64 bytes before the @", strings.Repeat("j", 64) + "@example.com", ""},
		{"255 bytes after it", strings.Repeat("j", 64) + "@" + label + "." + label + "." + label + "." + strings.Repeat("a", 59) + ".com", ""},

		{"nothing", "", "is empty"},
		{"no @", "jane.example.com", "has no @"},
		{"nothing before the @", "@example.com", "has nothing before the @"},
		{"nothing after the @", "jane@", "has nothing after the @"},
		{"two @", "jane@doe@example.com", "before the @ that isn't allowed"},
		{"a display name", "Jane <jane@example.com>", "before the @ that isn't allowed"},
		{"angle brackets", "<jane@example.com>", "before the @ that isn't allowed"},
		{"two addresses", "jane@example.com, john@example.com", "before the @ that isn't allowed"},
		{"a semicolon", "jane@example.com;john@example.com", "before the @ that isn't allowed"},
		{"a line break", "jane@example.com\r\nBcc: john@example.com", "before the @ that isn't allowed"},
		{"a line break at the end", "jane@example.com\n", "in its domain that isn't allowed"},
		{"a line break inside", "ja\nne@example.com", "byte 0x0a"},
		{"a zero", "jane\x00@example.com", "byte 0x00"},
		{"a space", "ja ne@example.com", "byte 0x20"},
		{"a comment", "jane(work)@example.com", "byte 0x28"},
		{"quotes", `"jane doe"@example.com`, "local part in quotes"},
		{"a dot in front", ".jane@example.com", "has a dot"},
		{"a dot at the end", "jane.@example.com", "has a dot"},
		{"two dots", "jane..doe@example.com", "two in a row"},
		{"65 bytes before the @", strings.Repeat("j", 65) + "@example.com", "has 65 bytes before the @; at most 64"},
		{"an accent before the @", "josé@example.com", "before the @ that isn't ASCII"},
		{"a domain in Unicode", "jane@bücher.example.com", `write it in its ASCII form, which begins with "xn--"`},
		{"a look-alike domain", "jane@exаmple.com", "isn't ASCII"},
		{"no dot in the domain", "jane@localhost", "domain without a dot"},
		{"a dot at the domain's end", "jane@example.com.", "empty label"},
		{"two dots in the domain", "jane@example..com", "empty label"},
		{"an underscore in the domain", "jane@ex_ample.com", "byte 0x5f"},
		{"a hyphen at a label's end", "jane@example-.com", "hyphen"},
		{"an address literal", "jane@[192.0.2.1]", "in its domain that isn't allowed"},
		{"an IP address", "jane@192.0.2.1", "top-level domain of digits"},
		{"a long label", "jane@" + label + "a.com", "label of 64 bytes"},
		{"a long domain", "jane@" + strings.Repeat("a.", 130) + "com", "domain of 263 bytes"},
		{"a long address", strings.Repeat("j", 400) + "@example.com", "has 412 bytes; at most 320"},
	} {
		err := mail.ValidateAddress(test.address)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: ValidateAddress(%q) = %v, want %q", test.name, test.address, err, test.want)
		}
		if err != nil && len(test.address) > 8 && strings.Contains(err.Error(), test.address) {
			t.Errorf("%s: the error has the address: %v", test.name, err)
		}
	}
}

// What is accepted is one address to another parser too, and the same one.
func FuzzValidateAddress(f *testing.F) {
	for _, s := range []string{"jane@example.com", "a+b@example.com", "jane@example.com,x@example.com", "\"a\"@example.com", "jane@xn--p1ai.com", "=?utf-8?q?x?=@example.com"} {
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

// Whoever sees a mask learns neither how long the name is nor the domain, however short they are.
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
