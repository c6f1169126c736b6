package otp_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// An answer is a case of testdata/answers.json, which the sign-in page is tested against too: Typed
// becomes Code where a code of so many Digits is due, or nothing where it is not OK.
type answer struct {
	Typed  string `json:"typed"`
	Digits int    `json:"digits"`
	OK     bool   `json:"ok"`
	Code   string `json:"code"`
	Why    string `json:"why"`
}

func TestNormalizeTakesWhatAPersonTypes(t *testing.T) {
	var cases []answer
	disk.ReadJSON(t, "testdata/answers.json", &cases)
	// JSON holds no invalid UTF-8, and a megabyte is no reading matter.
	cases = append(cases,
		answer{"1234567\xff8", 8, false, "", "invalid UTF-8"},
		answer{"12345678\xff", 8, false, "", "invalid UTF-8 behind a whole code"},
		answer{strings.Repeat("1", 1<<20), 8, false, "", "a megabyte"})
	for _, c := range cases {
		code, ok := otp.Normalize(c.Typed, c.Digits)
		if ok != c.OK || ok && code != c.Code {
			t.Errorf("%s: Normalize(%.40q, %d) = %q, %v; want %q, %v", c.Why, c.Typed, c.Digits, code, ok, c.Code, c.OK)
		}
	}
}

// A script whose digits began in the middle of a range would be read wrongly.
func TestNormalizeReadsEveryScriptsDigits(t *testing.T) {
	var all []unicode.Range32
	for _, r := range unicode.Nd.R16 {
		all = append(all, unicode.Range32{Lo: uint32(r.Lo), Hi: uint32(r.Hi), Stride: uint32(r.Stride)})
	}
	for _, r := range append(all, unicode.Nd.R32...) {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("the range from %U to %U isn't rows of ten digits", r.Lo, r.Hi)
			continue
		}
		for zero := rune(r.Lo); zero < rune(r.Hi); zero += 10 {
			typed := strings.Map(func(r rune) rune { return zero + r - '0' }, "9876543210")
			if code, ok := otp.Normalize(typed, 10); !ok || code != "9876543210" {
				t.Errorf("%q was read as %q", typed, code)
			}
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("1234 5678", 8)
	f.Add("١٢٣٤٥٦٧٨", 8)
	f.Fuzz(func(t *testing.T, in string, digits int) {
		out, ok := otp.Normalize(in, digits)
		if !ok {
			return
		}
		if len(out) != digits || strings.Trim(out, "0123456789") != "" {
			t.Errorf("%q became %q", in, out)
		}
		if again, ok := otp.Normalize(out, digits); !ok || again != out {
			t.Errorf("%q is not stable", out)
		}
	})
}
