package clients_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

var errNoMail = errors.New("there is no new mail")

// subjects are the subjects of the mails of a life, by language.
var subjects = map[string]struct{ invitation, code, reset, change, changed string }{
	"en": {"Your new account · Example", "Your sign-in code for Example", "Reset your password · Example",
		"Change your address · Example", "Your address was changed · Example"},
	"de": {"Ihr neues Konto · Example", "Ihr Anmeldecode für Example", "Passwort zurücksetzen · Example",
		"Ihre Adresse ändern · Example", "Ihre Adresse wurde geändert · Example"},
}

// life is a person of a password pool, with a browser and a mailbox.
type life struct {
	*world
	*tab
	g        *gallery
	clock    *inprocess.Clock
	language string
	say      words
	address  string
	seen     map[string]int // mails by address
}

// mail returns the one new mail to an address. It must have the subject, and be of EmailOTP's own
// in the person's language.
func (l *life) mail(address, subject string) sandbox.Message {
	l.world.t.Helper()
	var all []sandbox.Message
	if err := testkit.Within(testkit.Patience, func() error {
		all = l.sb.Messages(sandbox.MessageFilter{To: address})
		if len(all) == l.seen[address] {
			return errNoMail
		}
		return nil
	}); err != nil {
		l.world.t.Fatalf("%q to %s: %v", subject, address, err)
	}
	if n := len(all) - l.seen[address]; n != 1 {
		l.world.t.Errorf("%d mails to %s, want one", n, address)
	}
	l.seen[address] = len(all)
	m := all[0]
	if m.Subject != subject || !strings.Contains(m.HTML, `<html lang="`+l.language+`"`) ||
		strings.Contains(m.HTML, "{####}") || !strings.Contains(m.HTML, "help@example.com") {
		l.world.t.Errorf("the mail %q is not %q of EmailOTP's own in %s: %.200q", m.Subject, subject, l.language, m.Text)
	}
	return m
}

// codeIn reads the code of a mail as the mail shows it.
func (l *life) codeIn(m sandbox.Message) string {
	l.world.t.Helper()
	code, err := testkit.Code(m.Text)
	if err != nil {
		l.world.t.Fatal(err)
	}
	return testkit.Digits(code)
}

// later moves the pool's clock, and none of the browser's.
func (l *life) later(by time.Duration) { l.clock.Advance(by) }

// A person of a password pool with every option is invited, sets a password, signs in with a code,
// has the browser remembered, signs in the next day without a code, forgets the password and comes
// back, changes the address, and signs out everywhere: in two languages, with every mail.
func TestTheLifeOfAPersonOfAPasswordPoolInABrowser(t *testing.T) {
	t.Parallel()
	clock := &inprocess.Clock{}
	w := people(t, func(o *sandbox.Options) { *o = clock.Options(*o) })
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) {
			own := *w
			own.t = t
			l := &life{world: &own, tab: newTab(t), clock: clock, language: language, say: wordsOf(t, language),
				address: testkit.Address("ines@example.com"), seen: map[string]int{}}
			l.g = newGallery(l.tab)
			given := l.isInvited()
			l.setsAPassword(given)
			l.signsInTheNextDay()
			l.forgetsThePassword()
			l.changesTheAddress()
		})
	}
}

var temporaryPassword = regexp.MustCompile(`(?m)^[ \t]*([^\s@]{8,})[ \t\r]*$`)

// isInvited has an administrator create the user, and returns the password that the invitation has.
func (l *life) isInvited() string {
	l.world.t.Helper()
	administrator := (&testkit.Person{T: l.world.t, Config: l.cfg}).Administrator()
	attribute := func(name, value string) types.AttributeType { return types.AttributeType{Name: &name, Value: &value} }
	if _, err := administrator.AdminCreateUser(l.world.t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &l.cfg.UserPoolID, Username: aws.String(l.address),
		DesiredDeliveryMediums: []types.DeliveryMediumType{types.DeliveryMediumTypeEmail},
		UserAttributes: []types.AttributeType{
			attribute("email", l.address), attribute("email_verified", "true"), attribute("locale", l.language)},
	}); err != nil {
		l.world.t.Fatal(err)
	}
	m := l.mail(l.address, subjects[l.language].invitation)
	found := temporaryPassword.FindStringSubmatch(m.Text)
	if found == nil {
		l.world.t.Fatalf("the invitation has no password:\n%s", m.Text)
	}
	return found[1]
}

// described checks the input's type, autocomplete and inputmode, by which browsers help.
func (l *life) described(selector, want string) {
	l.world.t.Helper()
	if got := eval[string](l.tab, `(e => [e.type, e.autocomplete, e.inputMode].join(" "))(document.querySelector(%s))`,
		selector); got != want {
		l.world.t.Errorf("%s has type, autocomplete and inputmode %q, want %q", selector, got, want)
	}
}

func (l *life) setsAPassword(given string) {
	l.world.t.Helper()
	t, say := l.world.t, l.say
	l.open(l.page + "/?lang=" + l.language)
	l.heading(say.SignIn)
	l.described("#email", "email username email")
	l.described("#password", "password current-password ")
	l.shot("password")
	l.fill("#email", l.address)
	l.fill("#password", "Wrong-horse-7-battery")
	l.press(say.Continue)
	l.says("#alert", say.Problems["wrong-password"])
	l.shot("password-problem")
	l.fill("#password", given)
	l.press(say.Continue)
	l.heading(say.NewPasswordTitle)
	l.described("#new-password", "password new-password ")
	l.shot("new-password")
	l.fill("#new-password", "short")
	l.press(say.SavePassword)
	l.says("#alert", strings.ReplaceAll(say.Problems["weak-password"], "{count}", "12"))
	l.fill("#new-password", personPassword)
	l.press(say.SavePassword)
	l.heading(say.CodeTitle)
	l.says("#intro", "i***@e***.com")
	l.described("#code", "text one-time-code numeric")
	if eval[bool](l.tab, `document.querySelector("#remember").checked`) {
		t.Error("the browser is remembered by default")
	}
	l.says(".choice", strings.ReplaceAll(say.RememberDevice["other"], "{count}", "30"))
	l.shot("code-remember")
	code := l.codeIn(l.mail(l.address, subjects[l.language].code))
	l.fill("#code", wrong(code))
	l.press(say.Confirm)
	l.says("#alert", strings.ReplaceAll(say.WrongCode["other"], "{count}", "2"))
	eval[bool](l.tab, `(document.querySelector("#remember").click(), true)`)
	l.fill("#code", code)
	l.press(say.Confirm)
	l.heading(say.SignedInTitle)
	l.says(".who", l.address)
	l.press(say.SignOut)
	l.says(".notice", say.Notices["signed-out"])
}

func (l *life) signsInTheNextDay() {
	l.world.t.Helper()
	l.later(24 * time.Hour)
	before := l.seen[l.address]
	l.fill("#password", personPassword)
	l.press(l.say.Continue)
	l.heading(l.say.SignedInTitle)
	if after := len(l.sb.Messages(sandbox.MessageFilter{To: l.address})); after != before {
		l.world.t.Errorf("%d mails beside a remembered browser", after-before)
	}
	l.press(l.say.SignOut)
}

func (l *life) forgetsThePassword() {
	l.world.t.Helper()
	say := l.say
	sent := func(address string) string { return strings.ReplaceAll(say.ResetSent, "{email}", address) }
	// An address without an account looks the same.
	l.press(say.ForgotPassword)
	l.heading(say.ResetTitle)
	l.g.glance("forgot-" + l.language)
	l.fill("#email", "nobody@example.com")
	l.press(say.SendCode)
	l.says("#intro", sent("nobody@example.com"))
	l.shot("reset")
	l.fill("#code", "123456")
	l.fill("#new-password", ownPassword)
	l.press(say.SavePassword)
	l.says("#alert", say.Problems["reset-code"])
	l.press(say.OtherAddress)

	l.press(say.ForgotPassword)
	l.fill("#email", l.address)
	l.press(say.SendCode)
	l.says("#intro", sent(l.address))
	code := l.codeIn(l.mail(l.address, subjects[l.language].reset))
	l.fill("#code", wrong(code))
	l.fill("#new-password", ownPassword)
	l.press(say.SavePassword)
	l.says("#alert", say.Problems["reset-code"])
	l.fill("#code", code)
	l.press(say.SavePassword)
	// The reset forgot the browser.
	l.heading(say.CodeTitle)
	l.fill("#code", l.codeIn(l.mail(l.address, subjects[l.language].code)))
	l.press(say.Confirm)
	l.says(".who", l.address)
	l.isNotRemembered()
}

// isNotRemembered checks that the browser keeps no secret of a device.
func (l *life) isNotRemembered() {
	l.world.t.Helper()
	const secrets = `Object.keys(localStorage).filter(k => k.startsWith("emailotp.device.")).length`
	if left := eval[int](l.tab, secrets); left != 0 {
		l.world.t.Errorf("%d secrets are left of a browser that is no longer remembered", left)
	}
}

func (l *life) changesTheAddress() {
	l.world.t.Helper()
	say, old, to := l.say, l.address, testkit.Address("ines.new@example.com")
	// The function requires a fresh sign-in, of which the page finds out.
	l.later(6 * time.Minute)
	l.press(say.ChangeAddress)
	l.heading(say.ChangeAddress)
	l.described("#new-email", "email email email")
	l.fill("#new-email", old)
	l.press(say.SendCodes)
	l.says(".notice", say.Notices["sign-in-first"])
	l.fill("#password", ownPassword)
	l.press(say.Continue)
	l.heading(say.CodeTitle)
	eval[bool](l.tab, `(document.querySelector("#remember").click(), true)`)
	l.fill("#code", l.codeIn(l.mail(old, subjects[l.language].code)))
	l.press(say.Confirm)
	l.heading(say.ChangeAddress)
	l.says(".intro", old)
	l.fill("#new-email", strings.ToUpper(old[:1])+old[1:])
	l.press(say.SendCodes)
	l.says("#alert", say.Problems["same-address"])
	l.shot("change")
	l.seesEveryRefusal(to)
	l.fill("#new-email", "ines@")
	l.press(say.SendCodes)
	l.says("#alert", say.Problems["invalid-email"])
	l.fill("#new-email", to)
	l.press(say.SendCodes)
	l.says("#intro", to)
	l.described("#present-code", "text one-time-code numeric")
	l.shot("change-codes")
	present, fresh := l.codeIn(l.mail(old, subjects[l.language].change)), l.codeIn(l.mail(to, subjects[l.language].change))
	l.press(say.Confirm)
	l.says("#alert", strings.ReplaceAll(say.Problems["code-shape"], "{count}", "8"))
	l.fill("#present-code", present)
	if got := l.focused(); got != "new-code" {
		l.world.t.Errorf("the focus is on %q after the first code, want the second", got)
	}
	l.key(wrong(fresh))
	l.says("#alert", say.Problems["wrong-codes"])
	// A phone may close the page while its user reads two mailboxes.
	l.do(chromedp.Reload())
	l.says("#intro", to)
	l.fill("#present-code", present)
	l.fill("#new-code", fresh)
	l.says(".notice", say.Notices["address-changed"])
	l.isNotRemembered()
	l.mail(old, subjects[l.language].changed)
	if got := l.value("#email"); got != to {
		l.world.t.Errorf("the start has the address %q, want the new one", got)
	}

	l.later(2 * time.Minute)
	l.fill("#password", ownPassword)
	l.press(say.Continue)
	l.heading(say.CodeTitle)
	l.fill("#code", l.codeIn(l.mail(to, subjects[l.language].code)))
	l.press(say.Confirm)
	l.says(".who", to)
	l.shot("signed-in-change")
	l.press(say.SignOutEverywhere)
	l.says(".notice", say.Notices["signed-out-everywhere"])
}

// seesEveryRefusal has the function's answers replaced by those that a test can't cause in a
// moment.
func (l *life) seesEveryRefusal(to string) {
	l.world.t.Helper()
	eval[bool](l.tab, `(real => {
		globalThis.real = real;
		const refused = () => new Response(refusal[1], { status: refusal[0], headers: { "retry-after": "125" } });
		globalThis.fetch = (what, init) => !String(what).startsWith("account/email") ? real(what, init) :
			globalThis.refusal ? Promise.resolve(refused()) : Promise.reject(new TypeError("offline"));
		return true })(fetch)`)
	for _, c := range []struct {
		answer  string // status and body, as JavaScript
		problem string
	}{
		{`[400, '{"error": "invalid_address"}']`, "unmailable-email"},
		{`[403, '{"error": "administrator_required"}']`, "change-administrator"},
		{`[409, '{"error": "not_changed"}']`, "not-changed"}, {`[400, '{"error": "expired"}']`, "codes-over"},
		{`[429, '{"error": "too_many_requests"}']`, "change-limit"},
		{`[429, '{"message": "Too Many Requests"}']`, "throttled"},
		{`[503, '{"error": "temporarily_unavailable"}']`, "server"}, {`[502, '<html>']`, "server"},
		{`undefined`, "offline"},
	} {
		eval[bool](l.tab, `(globalThis.refusal = `+c.answer+`, true)`)
		l.fill("#new-email", to)
		l.key(kb.Enter)
		time := map[string]string{"en": "3 minutes", "de": "3 Minuten"}[l.language]
		l.says("#alert", strings.ReplaceAll(l.say.Problems[c.problem], "{time}", time))
	}
	eval[bool](l.tab, `(globalThis.fetch = real, true)`)
}

// shot takes the pictures of a screen in English alone: the colours of other languages are the
// same.
func (l *life) shot(name string) {
	l.world.t.Helper()
	if l.language == "en" {
		l.g.shot(name)
	}
}
