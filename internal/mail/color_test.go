package mail_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
)

func TestContrast(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#fff", "#000", 21}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54},
		{"#ff0000", "#ffffff", 4.00}, {"#0000ff", "#ffffff", 8.59}, {"#123456", "#123456", 1},
	} {
		got, err := mail.Contrast(test.a, test.b)
		if err != nil || math.Abs(got-test.want) > 0.005 {
			t.Errorf("Contrast(%s, %s) = %.3f, %v; want %.2f", test.a, test.b, got, err, test.want)
		}
	}
	for _, bad := range []string{"", "red", "#12", "#12345", "#1234567", "#gggggg", "123456", "#-12345",
		"rgb(0,0,0)", "#+12345"} {
		if _, err := mail.Contrast(bad, "#ffffff"); err == nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

// Whatever accent colour is let through, the mail that comes out of it can be read, in dark mode
// too.
func TestEveryAcceptedAccentColorCanBeRead(t *testing.T) {
	accepted := 0
	for r := 0; r < 256; r += 51 {
		for g := 0; g < 256; g += 51 {
			for b := 0; b < 256; b += 51 {
				c := config(mail.Password)
				c.AccentColor = fmt.Sprintf("#%02x%02x%02x", r, g, b)
				if err := c.Validate(); err != nil {
					if ratio, _ := mail.Contrast(c.AccentColor, "#ffffff"); ratio >= mail.MinContrast {
						t.Errorf("%s with a contrast of %.2f is refused: %v", c.AccentColor, ratio, err)
					}
					continue
				}
				accepted++
				out := render(t, c, message("en", longCode))
				if !strings.Contains(out.HTML, "color:"+c.AccentColor) {
					t.Errorf("the HTML doesn't use %s", c.AccentColor)
				}
				for _, f := range check.Check(out) {
					t.Errorf("%s: %s", c.AccentColor, f)
				}
			}
		}
	}
	if accepted < 50 {
		t.Errorf("only %d colours accepted", accepted)
	}
}
