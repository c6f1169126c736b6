package mail_test

import (
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Allocations are what the time for a mail goes with, and unlike the time they are the same on
// every machine: these bounds hold 100 µs for a warm mail and 1 ms for the first one several times
// over.
func TestRenderingStaysCheap(t *testing.T) {
	r, err := mail.New(config(mail.Password))
	if err != nil {
		t.Fatal(err)
	}
	m := message("ar", longCode)
	warm := testing.AllocsPerRun(50, func() {
		if _, err := r.Render(m); err != nil {
			t.Fatal(err)
		}
	})
	if warm > 150 {
		t.Errorf("a warm mail takes %.0f allocations", warm)
	}
	cold := testing.AllocsPerRun(50, func() { render(t, config(mail.Password), m) })
	if cold > 900 {
		t.Errorf("the first mail takes %.0f allocations", cold)
	}
}
