package trigger

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

var planNow = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)

func planNonce(ago time.Duration, b string) otp.Nonce {
	n, _ := otp.NewNonce(planNow.Add(-ago), strings.NewReader(strings.Repeat(b, 8)))
	return n
}

// planFacts are the facts of a user's first round, as change leaves them.
func planFacts(m settings.Mode, change ...func(*facts)) facts {
	s := settings.Defaults(m)
	s.KeyARN = "arn:aws:kms:eu-west-1:123456789012:key/one"
	f := facts{settings: s, account: account{key: "item", address: "user@example.com"}, now: planNow,
		fresh: planNonce(0, "f"), id: "id"}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestDecide(t *testing.T) {
	tag := guard.KeyTag("arn:aws:kms:eu-west-1:123456789012:key/one")
	later := func(d time.Duration) int64 { return planNow.Add(d).UnixMilli() }
	live := func(f *facts) {
		f.item.MailState = guard.MailState{Mail: later(5 * time.Minute), SlowMail: later(30 * time.Minute),
			Next:  later(30 * time.Second),
			Nonce: planNonce(30*time.Second, "l").String(), Digits: 8, Key: tag}
	}
	round := func(resend bool, sent time.Duration) func(*facts) {
		return func(f *facts) {
			f.resend = resend
			f.last = &flow.Metadata{ID: "last", Nonce: planNonce(sent, "l"), Digits: 8, Key: tag, Sent: planNow.Add(-sent),
				Expires: planNow.Add(5*time.Minute - sent)}
		}
	}
	noMail := func(f *facts) { f.item.SlowMail = later(24 * time.Hour) }
	noGuess := func(f *facts) { f.item.Guess = later(10 * time.Hour) }
	unverified := func(f *facts) { f.account.class = guard.Unverified }
	unknown := func(f *facts) { f.account.unknown, f.account.address = true, "" }
	unmailable := func(f *facts) { unknown(f); f.account.unmailable = true }
	marked := func(f *facts) {
		f.item.Mark = guard.ComplaintMark(guard.HashOfAddress("user@example.com"), planNow.Add(-time.Hour))
	}
	fresh := func(f *facts) { f.item.Proven = later(-time.Hour) }
	oldKey := func(f *facts) {
		f.item.Key = "old"
		if f.last != nil {
			f.last.Key = "old"
		}
	}
	lastTry := func(f *facts) { f.lastTry = true }
	future := func(f *facts) { f.item.Mail = later(time.Hour) }
	type facters = []func(*facts)
	const both = ""
	for _, tc := range []struct {
		name    string
		mode    settings.Mode
		facts   facters
		send    sending
		write   writing
		quota   guard.Kind
		half    bool // only half of the quota is in reach
		reason  string
		shown   string // the reason shown
		refusal *Refusal
		metrics []settings.Metric
		unsent  bool
	}{
		{"a first round mails", both, nil, sendMail, writeClaim, guard.ProvenMails, false, "mailed", "sent", nil,
			[]settings.Metric{settings.CodesSent}, false},
		{"an account proven an hour ago has half the quota", both, facters{fresh}, sendMail, writeClaim, guard.ProvenMails,
			true, "mailed", "sent", nil, []settings.Metric{settings.CodesSent}, false},
		{"an unproven address has a quota of its own", both, facters{unverified}, sendMail, writeClaim, guard.UnprovenMails,
			false, "mailed", "sent", nil, []settings.Metric{settings.CodesSent}, false},
		{"no guesses left: a long code", both, facters{noGuess}, sendMail, writeClaim, guard.ProvenMails, false, "mailed",
			"sent", nil, []settings.Metric{settings.CodesSent, settings.LongCodesSent}, false},
		{"a second start joins, behind a decoy", settings.Passwordless, facters{live}, sendDecoy, writeTouch,
			guard.DecoyMails, false, "joined", "sent", nil, []settings.Metric{settings.CodesJoined}, false},
		{"a second start joins", settings.Password, facters{live}, sendNothing, writeNothing, "", false, "joined", "sent",
			nil, []settings.Metric{settings.CodesJoined}, false},
		{"no mail left, behind a decoy", settings.Passwordless, facters{noMail}, sendDecoy, writeClaim, guard.DecoyMails,
			true, "user-mail-budget", "sent", nil, []settings.Metric{settings.UserMailsRefused}, true},
		{"no mail left", settings.Password, facters{noMail}, sendNothing, writeNothing, "", false, "user-mail-budget",
			"sent", nil, []settings.Metric{settings.UserMailsRefused}, true},
		{"times of a former policy are brought down", settings.Password, facters{live, future}, sendNothing, writeTouch, "",
			false, "joined", "sent", nil, []settings.Metric{settings.CodesJoined}, false},
		{"an unknown name gets a decoy", settings.Passwordless, facters{unknown}, sendDecoy, writeClaim, guard.DecoyMails,
			false, "decoy", "sent", nil, nil, true},
		{"an address that can't be mailed gets a decoy", settings.Passwordless, facters{unmailable}, sendDecoy, writeClaim,
			guard.DecoyMails, false, "address-unmailable", "sent", nil, []settings.Metric{settings.AddressesUnmailable}, true},
		{"a marked address gets a decoy", settings.Passwordless, facters{marked}, sendDecoy, writeClaim, guard.DecoyMails,
			false, "address-bounced", "sent", nil, []settings.Metric{settings.MailsSuppressed}, true},
		{"a marked address ends a password sign-in", settings.Password, facters{marked}, sendNothing, writeNothing, "",
			false, "address-bounced", "", RefusedUndeliverable, []settings.Metric{settings.MailsSuppressed}, false},
		{"after the last lost claim nothing is mailed", settings.Password, facters{lastTry}, sendNothing, writeNothing, "",
			false, "kept", "sent", nil, nil, true},
		{"a wrong answer keeps the code", both, facters{live, round(false, 30*time.Second)}, sendNothing, writeNothing, "",
			false, "kept", "wrong-code", nil, nil, false},
		{"a wrong answer to a marked address keeps it too", both, facters{live, marked, round(false, 30*time.Second)},
			sendNothing, writeNothing, "", false, "kept", "wrong-code", nil, nil, false},
		{"an answer after the expiry", both, facters{round(false, 5*time.Minute)}, sendNothing, writeNothing, "", false,
			"kept", "expired", nil, nil, false},
		{"a resend within the cool-down", both, facters{live, round(true, 30*time.Second)}, sendNothing, writeNothing, "",
			false, "kept", "resend-too-soon", nil, nil, false},
		{"a resend mails", both, facters{round(true, 2*time.Minute)}, sendMail, writeClaim, guard.ProvenMails, false,
			"mailed", "resent", nil, []settings.Metric{settings.CodesSent, settings.CodesResent}, false},
		{"a resend without mail looks sent", settings.Passwordless, facters{noMail, round(true, 2*time.Minute)}, sendDecoy,
			writeClaim, guard.DecoyMails, true, "user-mail-budget", "resent", nil, []settings.Metric{settings.UserMailsRefused},
			false},
		{"a resend without mail", settings.Password, facters{noMail, round(true, 2*time.Minute)}, sendNothing, writeNothing,
			"", false, "user-mail-budget", "resend-too-soon", nil, []settings.Metric{settings.UserMailsRefused}, false},
		{"an answer to a code of a replaced key mails a new one", both, facters{live, round(false, 30*time.Second), oldKey},
			sendMail, writeClaim, guard.ProvenMails, false, "mailed", "new-code", nil, []settings.Metric{settings.CodesSent},
			false},
		{"so does a resend within the cool-down", both, facters{live, round(true, 30*time.Second), oldKey}, sendMail,
			writeClaim, guard.ProvenMails, false, "mailed", "resent", nil,
			[]settings.Metric{settings.CodesSent, settings.CodesResent}, false},
	} {
		for _, m := range []settings.Mode{settings.Password, settings.Passwordless} {
			if tc.mode != both && tc.mode != m {
				continue
			}
			t.Run(tc.name+" "+string(m), func(t *testing.T) {
				p := decide(planFacts(m, tc.facts...))
				if p.send != tc.send || p.write != tc.write || p.outcome.reason != tc.reason || p.refusal != tc.refusal ||
					p.meta.Unsent != tc.unsent || !slices.Equal(p.metrics, tc.metrics) {
					t.Errorf("%+v", p)
				}
				if p.send != sendNothing && p.quota.Kind != tc.quota || p.send == sendMail && p.established == tc.half {
					t.Errorf("quota %+v, established %v", p.quota, p.established)
				}
				if p.refusal == nil && p.shown["reason"] != tc.shown {
					t.Errorf("shown %v", p.shown)
				}
			})
		}
	}
}

func TestGranted(t *testing.T) {
	const refused, kind = settings.PoolMailsRefused, settings.PoolMailsRefusedVerified
	for _, tc := range []struct {
		name    string
		mode    settings.Mode
		grant   guard.Grant
		send    sending
		reason  string
		metrics []settings.Metric
	}{
		{"granted", settings.Passwordless, guard.Granted, sendMail, "mailed", []settings.Metric{settings.CodesSent}},
		{"near the end", settings.Passwordless, guard.GrantedNearEnd, sendMail, "mailed",
			[]settings.Metric{settings.CodesSent, settings.PoolMailsNearEnd, settings.PoolMailsNearEndVerified}},
		{"refused, with a decoy", settings.Passwordless, guard.RefusedDecoy, sendDecoy, "pool-mail-budget",
			[]settings.Metric{refused, kind}},
		{"refused, without", settings.Passwordless, guard.Refused, sendNothing, "pool-mail-budget",
			[]settings.Metric{refused, kind}},
		{"refused after a proven password", settings.Password, guard.RefusedDecoy, sendNothing, "pool-mail-budget",
			[]settings.Metric{refused, kind}},
	} {
		before := decide(planFacts(tc.mode))
		p := before.granted(tc.grant)
		if p.send != tc.send || p.outcome.reason != tc.reason || !slices.Equal(p.metrics, tc.metrics) ||
			p.meta.Unsent == tc.grant.OK() {
			t.Errorf("%s: %+v", tc.name, p)
		}
		if p.shown["reason"] != before.shown["reason"] || len(p.shown) != len(before.shown) {
			t.Errorf("%s: the client is shown %v", tc.name, p.shown)
		}
	}
	decoy := decide(planFacts(settings.Passwordless, func(f *facts) { f.account.unknown = true })).granted(guard.Refused)
	if decoy.send != sendNothing || decoy.outcome.reason != "decoy" ||
		!slices.Contains(decoy.metrics, settings.PoolMailsRefusedUnknown) {
		t.Errorf("a refused decoy: %+v", decoy)
	}
}
