package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// serviceError is an error as the AWS SDK returns it: the operation's around the response's around
// the service's.
type serviceError struct{ code, text string }

func (e *serviceError) Error() string            { return e.code + ": " + e.text }
func (e *serviceError) ErrorCode() string        { return e.code }
func (e *serviceError) ErrorMessage() string     { return e.text }
func (e *serviceError) HTTPStatusCode() int      { return 400 }
func (e *serviceError) ServiceRequestID() string { return "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0" }

// Errors of services that quote the request, line breaks and all. No part of their text is logged.
func hostileErrors() map[string]error {
	const text = "Address other@example.com\nwith code 12345678 is not verified in region EU-WEST-1"
	return map[string]error{
		"a service's":    fmt.Errorf("operation error: %w", &serviceError{"MessageRejected", text}),
		"a hostile code": fmt.Errorf("operation error: %w", &serviceError{"other@example.com 12345678\n", text}),
		"a plain one":    errors.New(text),
		"a joined one":   errors.Join(errors.New(text), fmt.Errorf("wrapped %s: %w", text, context.DeadlineExceeded)),
	}
}

func TestNoServicesTextIsLogged(t *testing.T) {
	for name, hostile := range hostileErrors() {
		for step, fault := range map[string]func(*world){
			"Read":        func(w *world) { w.store.fail["Read"] = hostile },
			"Claim":       func(w *world) { w.store.fail["Claim"] = hostile },
			"lost claim":  func(w *world) { w.store.lostClaim = hostile; w.store.fail["Release"] = hostile },
			"CountQuota":  func(w *world) { w.store.fail["CountQuota"] = hostile },
			"GenerateMac": func(w *world) { w.keyErr = hostile },
			"SendEmail":   func(w *world) { w.sendErr = hostile },
			"recipient":   func(w *world) { w.sendErr = fmt.Errorf("%w: %w", trigger.ErrRecipient, hostile) },
			"uncertain":   func(w *world) { w.sendErr = fmt.Errorf("%w: %w", trigger.ErrUncertain, hostile) },
			"throttled":   func(w *world) { w.sendErr = fmt.Errorf("%w: %w", trigger.ErrThrottled, hostile) },
			"panic":       func(w *world) { w.sendHook = func() { panic(hostile) } },
			"ResendAsked": nil, "AskResend": nil, "SpendGuess": nil, "VerifyMac": nil, "Use": nil,
			"MarkVerified": nil, "MarkBounced": nil, "bounce quota": nil,
		} {
			t.Run(name+" by "+step, func(t *testing.T) {
				w := newWorld(t, settings.Passwordless)
				if fault != nil {
					fault(w)
					w.start(known())
				} else {
					s := w.start(known().with("email_verified", "false"))
					code := w.latest()
					event := mailEvent(t, w, "bounce-permanent")
					w.log.Reset()
					switch step {
					case "VerifyMac":
						w.keyErr = hostile
					case "MarkVerified":
						w.markErr = hostile
					case "bounce quota":
						w.store.fail["CountQuota"] = hostile
					default:
						w.store.fail[step] = hostile
					}
					switch step {
					case "AskResend":
						s.resend()
					case "ResendAsked":
						s.answer(wrong(code))
					case "MarkBounced", "bounce quota":
						_ = w.receive(event)
					default:
						s.answer(code)
					}
				}
				w.logLacks("@", "example.com", "12345678", `\n`, "not verified in")
				if step == "recipient" {
					return
				}
				w.logHas(`"cause"`)
				if name == "a service's" && step != "panic" {
					w.logHas("serviceError; code MessageRejected; status 400; request 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
				}
			})
		}
	}
}

func TestAThrottledMailIsNotSentAndCountedByItsOwnName(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.sendErr = fmt.Errorf("send mail: %w", trigger.ErrThrottled)
		s := w.start(known())
		w.logHas(`"MailsThrottled":1`, `"reason":"mail-throttled"`)
		w.logLacks("CodesSent")
		if w.settings.Mode == settings.Password {
			s.want("error")
			if s.err.Error() != trigger.RefusedUnavailable.Error() || w.item().Next != 0 {
				t.Errorf("%v, item %+v", s.err, w.item())
			}
			w.logHas(`"Faults":1`)
		} else {
			// A stranger must see the same as for an unknown name, whose decoy is throttled too.
			w.logLacks("Faults")
			if unknown := w.start(stranger("nobody@example.com")); s.err != nil || unknown.err != nil ||
				!reflect.DeepEqual(s.public, unknown.public) || w.item().Next == 0 {
				t.Errorf("%v %v, unknown %v %v, item %+v", s.err, s.public, unknown.err, unknown.public, w.item())
			}
		}
		w.sendErr = nil
		w.pass(guard.Cooldown)
		w.start(known()).answer(w.latest()).want("tokens")
	})
}
