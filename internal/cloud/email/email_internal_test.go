package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// An answer is what SES answers, as code "" for a mail that it accepts.
type answer struct {
	status     int
	code, text string
}

var (
	accepted  = answer{status: 200}
	throttled = answer{429, "TooManyRequestsException", "Maximum sending rate exceeded."}
)

// ses answers by a script, the last entry also all further calls, and counts the calls.
func ses(t *testing.T, mode settings.Mode, b backoff, script ...answer) (*Sender, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a := script[min(int(calls.Add(1)), len(script))-1]
		w.Header().Set("X-Amzn-RequestId", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
		if a.code != "" {
			w.Header().Set("X-Amzn-ErrorType", a.code)
		}
		w.WriteHeader(a.status)
		if a.code == "" {
			_, _ = io.WriteString(w, `{"MessageId":"1"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"message":%q}`, a.text)
	}))
	t.Cleanup(server.Close)
	set := settings.Settings{Mode: mode}
	set.From = code.From
	s, err := New(set, func(name string) (string, bool) {
		v, ok := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
			"AWS_ENDPOINT_URL_SESV2": server.URL}[name]
		return v, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	s.backoff = b
	return s, &calls
}

var (
	code  = mail.Mail{From: "codes@example.com", To: "jane@example.net", Subject: "s", Text: "t", HTML: "h"}
	decoy = mail.Mail{From: "codes@example.com", To: "success@simulator.amazonses.com", Subject: "s", Text: "t",
		HTML: "h", Decoy: true}
	// patient never ends within a test, and hasty ends soon.
	patient = backoff{first: time.Millisecond, longest: 2 * time.Millisecond, window: time.Hour}
	hasty   = backoff{first: time.Millisecond, longest: 5 * time.Millisecond, window: 300 * time.Millisecond}
)

func TestEveryAnswerMeansOneThing(t *testing.T) {
	const unverified = "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
	const denied = "User `arn:aws:sts::123456789012:assumed-role/f' is not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:eu-west-1:123456789012:"
	surely := errors.New("any other error: the mail was not sent")
	for what, c := range map[string]struct {
		answer answer
		want   error
	}{
		"accepted": {accepted, nil},
		"an unverified recipient": {answer{400, "MessageRejected", unverified + "jane@example.net"},
			trigger.ErrRecipient},
		"an unverified sender": {answer{400, "MessageRejected", unverified + "Codes@example.com"}, surely},
		"an unverified domain": {answer{400, "MessageRejected", unverified + "example.com"}, surely},
		"no right on the recipient's address": {answer{403, "AccessDeniedException", denied + "identity/Jane@example.net'"},
			trigger.ErrRecipient},
		"no right on the recipient's domain": {answer{403, "AccessDeniedException", denied + "identity/example.net'"},
			trigger.ErrRecipient},
		"no right on the sender's domain": {answer{403, "AccessDeniedException", denied + "identity/example.com'"}, surely},
		"no right on the set": {answer{403, "AccessDeniedException", denied + "configuration-set/codes'"},
			surely},
		"no right on another identity": {answer{403, "AccessDeniedException", denied + "identity/elsewhere.example.org'"},
			surely},
		"a wrong request":          {answer{400, "BadRequestException", "jane@example.net"}, surely},
		"trouble at SES":           {answer{500, "InternalServiceErrorException", "jane@example.net"}, surely},
		"an answer without a code": {answer{503, "jane@example.net", ""}, surely},
	} {
		s, calls := ses(t, settings.Passwordless, hasty, c.answer)
		err := s.Send(t.Context(), code)
		switch {
		case c.want == nil && err != nil, c.want != nil && err == nil, c.want != nil && c.want != surely &&
			!errors.Is(err, c.want),
			c.want == surely && (errors.Is(err, trigger.ErrRecipient) || errors.Is(err, trigger.ErrUncertain)):
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		if calls.Load() != 1 {
			t.Errorf("%s: %d calls", what, calls.Load())
		}
		if err == nil {
			continue
		}
		if text := err.Error(); strings.Contains(text, "@") || strings.Contains(text, "example") ||
			!strings.Contains(text, "request 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0") {
			t.Errorf("%s: the error has an address, or no request id: %v", what, err)
		}
	}
}

func TestALostAnswerIsUncertain(t *testing.T) {
	for what, treat := range map[string]func(w http.ResponseWriter){
		"no answer": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"a cut-off body": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w,
				"{")
		},
	} {
		var calls atomic.Int32
		s, _ := ses(t, settings.Passwordless, hasty, accepted)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			calls.Add(1)
			treat(w)
		}))
		t.Cleanup(server.Close)
		moved, err := New(settings.Settings{}, func(name string) (string, bool) {
			v, ok := map[string]string{"AWS_REGION": "r", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
				"AWS_ENDPOINT_URL": server.URL}[name]
			return v, ok
		})
		if err != nil {
			t.Fatal(err)
		}
		s.client = moved.client
		if err := s.Send(t.Context(), code); !errors.Is(err, trigger.ErrUncertain) || calls.Load() != 1 {
			t.Errorf("%s: %v after %d calls", what, err, calls.Load())
		}
	}
}

func TestAThrottledCodeIsSentLater(t *testing.T) {
	other := answer{400, "ThrottlingException", "Maximum sending rate exceeded."}
	quota := answer{400, "LimitExceededException", "Daily message quota exceeded"}
	s, calls := ses(t, settings.Password, patient, throttled, other, quota, accepted)
	if err := s.Send(t.Context(), code); err != nil || calls.Load() != 4 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	// What comes after a throttle is sorted as ever.
	s, calls = ses(t, settings.Password, patient, throttled,
		answer{400, "MessageRejected", "not verified: jane@example.net"})
	if err := s.Send(t.Context(), code); !errors.Is(err, trigger.ErrRecipient) || calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

func TestAStormOfThrottlesEndsInTime(t *testing.T) {
	s, calls := ses(t, settings.Password, hasty, throttled)
	err := s.Send(t.Context(), code)
	if !errors.Is(err, trigger.ErrThrottled) || errors.Is(err, trigger.ErrUncertain) || calls.Load() < 2 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	// The context's end counts where it is earlier, less the reserve.
	s, calls = ses(t, settings.Passwordless, patient, throttled)
	s.backoff.reserve = time.Hour - time.Second
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	began := time.Now()
	if err := s.Send(ctx, code); !errors.Is(err, trigger.ErrThrottled) || calls.Load() < 2 ||
		time.Since(began) > 30*time.Second {
		t.Errorf("%v after %d calls and %v", err, calls.Load(), time.Since(began))
	}
}

// A stranger sees from the time neither whether a code was due nor when SES accepted it.
func TestADecoyYieldsToCodesAndTakesAsLong(t *testing.T) {
	for what, c := range map[string]struct {
		mail   mail.Mail
		script []answer
		calls  int32
	}{
		"a decoy":                {decoy, []answer{throttled, accepted}, 1},
		"a code that is sent":    {code, []answer{throttled, accepted}, 2},
		"a code that is refused": {code, []answer{throttled, {400, "BadRequestException", ""}}, 2},
	} {
		s, calls := ses(t, settings.Passwordless, hasty, c.script...)
		began := time.Now()
		err := s.Send(t.Context(), c.mail)
		if took := time.Since(began); took < hasty.window || calls.Load() != c.calls ||
			(err != nil) != strings.Contains(what, "refused") {
			t.Errorf("%s: %v after %v and %d calls", what, err, took, calls.Load())
		}
	}
	s, calls := ses(t, settings.Passwordless, patient, accepted)
	if err := s.Send(t.Context(), decoy); err != nil || calls.Load() != 1 {
		t.Errorf("a decoy that is not throttled: %v after %d calls", err, calls.Load())
	}
}

func TestThePausesGrowAndDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 200 {
		r := standard.start(t.Context())
		for _, most := range []time.Duration{150, 300, 600, 1000, 1000} {
			pause := r.next()
			if most *= time.Millisecond; pause > most || pause < most/2 {
				t.Fatalf("a pause of %v, want %v to %v", pause, most/2, most)
			}
			seen[pause] = true
		}
	}
	if len(seen) < 100 {
		t.Errorf("%d different pauses of 1,000", len(seen))
	}
	if standard.window+standard.reserve > 5*time.Second {
		t.Error("Cognito waits for 5 s")
	}
}
