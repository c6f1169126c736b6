package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

const (
	// thief is the account of an attacker, wanted an address that no account has.
	thief  = "thief@example.com"
	wanted = "wanted@example.com"

	changeBurst = 3 // mails to an address that accounts want, and starts of an account, at once; one more each hour
	changeAge   = 5 * time.Minute
)

// addresses attacks the change of an address.
func addresses(r *run, m settings.Mode) {
	plan := lab.Plan{Mode: m, Memory: r.opts.small}
	r.tryUses(plan, changes(), "", "refused", "changed", func(l *lab.Lab) {
		for _, email := range []string{lab.Victim, thief} {
			l.User(lab.UserSpec{Email: email, EmailVerified: true})
		}
	})
	takenAddress(r, m)
	guessedChange(r, m)
	changesAtOnce(r, m)
	floodedByChanges(r, m)
}

// change is a start with the codes that both mailboxes got.
type change struct {
	*lab.Changer
	token, present, fresh string
}

// begins has the victim begin to change the address to wanted.
func begins(l *lab.Lab) change {
	c := change{Changer: l.Changer()}
	c.token = c.SignIn(lab.Victim)
	c.restart()
	return c
}

func (c *change) restart() {
	status, answer := c.Start(c.token, wanted)
	c.Lab.Need(status == http.StatusOK, "the start was refused: "+answer)
	c.present, c.fresh = c.Lab.Inbox.Code(lab.Victim), c.Lab.Inbox.Code(wanted)
}

// confirm reports whether the answer changed anybody's address.
func (c change) confirm(token, address, present, fresh string) (bool, error) {
	c.Confirm(token, address, present, fresh)
	return c.Owner(address) != "", nil
}

// changes are the uses of a token and of both codes, proper and not.
func changes() []use {
	with := func(f func(c change) (bool, error)) func(*lab.Lab) (bool, error) {
		return func(l *lab.Lab) (bool, error) { return f(begins(l)) }
	}
	return []use{
		{"both codes, with the token of their sign-in", true, with(func(c change) (bool, error) {
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})},
		{"a moment before the codes expire", true, with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(codeTTL - moment)
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})},
		{"expired codes", false, with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(codeTTL)
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})},
		{"somebody else's token", false, with(func(c change) (bool, error) {
			token := c.SignIn(thief)
			c.Start(token, "other@example.com")
			return c.confirm(token, wanted, c.present, c.fresh)
		})},
		{"another sign-in of the same user", false, with(func(c change) (bool, error) {
			return c.confirm(c.SignIn(lab.Victim), wanted, c.present, c.fresh)
		})},
		{"a token without its signature", false, with(func(c change) (bool, error) {
			return c.confirm(c.token[:strings.LastIndexByte(c.token, '.')+1], wanted, c.present, c.fresh)
		})},
		{"another app client", false, with(func(c change) (bool, error) {
			c.Server.Settings.ClientIDs = []string{"2example23456789"}
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})},
		{"a sign-in that was ended", false, with(func(c change) (bool, error) {
			_, err := c.Lab.Call("GlobalSignOut", map[string]any{"AccessToken": c.token})
			c.Lab.Scope.Check(err)
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})},
		{"a start with an old auth_time", false, with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(changeAge + moment)
			before := c.Lab.Inbox.Total
			c.Start(c.token, "later@example.com")
			return c.Lab.Inbox.Total > before, nil
		})},
		{"the codes swapped", false, with(func(c change) (bool, error) {
			return c.confirm(c.token, wanted, c.fresh, c.present)
		})},
		{"one code for both", false, with(func(c change) (bool, error) {
			return c.confirm(c.token, wanted, c.fresh, c.fresh)
		})},
		{"the codes for another address", false, with(func(c change) (bool, error) {
			return c.confirm(c.token, "another@example.com", c.present, c.fresh)
		})},
		{"the codes of an earlier start", false, with(func(c change) (bool, error) {
			first := c
			c.Lab.Clock.Advance(cooldown)
			c.restart()
			return c.confirm(c.token, wanted, first.present, first.fresh)
		})},
		{"the code of a sign-in as the present one", false, with(func(c change) (bool, error) {
			c.SignIn(lab.Victim)
			return c.confirm(c.token, wanted, c.Lab.Inbox.Code(lab.Victim), c.fresh)
		})},
		{"the codes of a change as a sign-in's", false, with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(2 * cooldown)
			a, err := c.Lab.Enter(lab.Victim, lab.KnownPassword)
			c.Lab.Scope.Check(err)
			for _, code := range []string{c.present, c.fresh} {
				if a, err = c.Lab.AnswerCode(a, lab.Victim, code); err != nil || a.SignedIn() {
					break
				}
			}
			return a.SignedIn(), err
		})},
		{"the codes a second time", false, with(func(c change) (bool, error) {
			c.confirm(c.token, wanted, c.present, c.fresh)
			status, _ := c.Confirm(c.SignIn(wanted), wanted, c.present, c.fresh)
			return status == http.StatusOK, nil
		})},
	}
}

// takenAddress wants an address that has an owner, by its answers and by guessing its code.
func takenAddress(r *run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	for _, email := range []string{lab.Victim, thief} {
		l.User(lab.UserSpec{Email: email, EmailVerified: true})
	}
	c := l.Changer()
	owner, token := c.Owner(lab.Victim), c.SignIn(thief)
	_, free := c.Start(token, wanted)
	l.Clock.Advance(cooldown)
	_, taken := c.Start(token, strings.ToUpper(lab.Victim[:1])+lab.Victim[1:])
	present := l.Inbox.Code(thief)
	var won tally
	for n := range attempts {
		status, _ := c.Confirm(token, lab.Victim, present, guess(n, len(present)))
		won.note(status == http.StatusOK || c.Owner(lab.Victim) != owner)
	}
	won.add(r, m, "a taken address: the answer to the start, and guesses of its code", "changed",
		unless(free == taken, "a taken address answers %s, a free one %s", taken, free),
		unless(l.Inbox.Code(lab.Victim) == "", "the owner's mail has a code"))
}

// guessedChange guesses the code of the present mailbox for some days, with the new mailbox and a
// sign-in that is always fresh, and beside it the codes of sign-ins. Both spend from one budget.
func guessedChange(r *run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
	c := l.Changer()
	c.Ageless = true
	token, days := c.SignIn(lab.Victim), r.scale(7, 1)
	owner, compared, bySignIn, calls := c.Owner(lab.Victim), 0, 0, 0
	for end := l.Clock.Now().Add(time.Duration(days) * 24 * time.Hour); l.Clock.Now().Before(end); l.Clock.Advance(
		20 * time.Minute) {
		status, answer := c.Start(token, wanted)
		fresh := l.Inbox.Code(wanted)
		for n := 0; status == http.StatusOK && n < attempts; n++ {
			_, said := c.Confirm(token, wanted, wrongCode(l.Inbox.Code(lab.Victim)), fresh)
			if strings.Contains(said, "wrong_code") && !strings.Contains(answer, fmt.Sprint(longDigits)) {
				compared++
			}
			calls++
		}
		a, err := l.Enter(lab.Victim, lab.KnownPassword)
		for n := 0; err == nil && n < attempts && a.ChallengeParameters[contract.ParamCodeLength] == "8"; n++ {
			before := l.Key.All.Wrong()
			a, err = l.AnswerCode(a, lab.Victim, guess(calls, 8))
			bySignIn += l.Key.All.Wrong() - before
			calls++
		}
	}
	l.Clock.Advance(24 * time.Hour)
	late, most := c.SignIn(lab.Victim) != "", maxGuesses(days)+1 // the days begin after a sign-in
	r.add(m, "guesses of the present mailbox's code, by a change and by sign-ins in turn", calls,
		fmt.Sprintf("%d + %d compared in %d days", compared, bySignIn, days), fmt.Sprintf("≤ %d", most),
		unless(compared > 0, "no guess of a change was compared"),
		unless(compared+bySignIn <= most, "%d guesses were compared, %d is the most", compared+bySignIn, most),
		unless(c.Owner(wanted) == "" && c.Owner(lab.Victim) == owner, "a guess changed the address"),
		unless(late, "the owner was kept out by guesses of a change"))
}

// changesAtOnce confirms one pair of codes many times at once, and lets two accounts take one
// address at once.
func changesAtOnce(r *run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: r.opts.small})
	for _, email := range []string{lab.Victim, thief} {
		l.User(lab.UserSpec{Email: email, EmailVerified: true})
	}
	c := begins(l)
	subs := map[string]string{lab.Victim: c.Owner(lab.Victim), thief: c.Owner(thief)}
	other := c
	other.token = other.SignIn(thief)
	status, answer := other.Start(other.token, wanted)
	l.Need(status == http.StatusOK, "the second start was refused: "+answer)
	other.present, other.fresh = l.Inbox.Code(thief), l.Inbox.Code(wanted)
	both := []change{c, other}
	n, _ := r.atOnce(replays, func(i int) (bool, error) {
		each := both[i%2]
		status, _ := each.Confirm(each.token, wanted, each.present, each.fresh)
		return status == http.StatusOK, nil
	})
	left := count(c.Owner(lab.Victim) == subs[lab.Victim], c.Owner(thief) == subs[thief])
	r.add(m, "two accounts take one address, each with its codes many times at once", replays,
		fmt.Sprintf("%d answers changed an address", n), "1",
		unless(n == 1, "%d answers changed the address", n),
		unless(left == 1 && c.Owner(wanted) != "", "%d of the two accounts kept their addresses", left))
}

// floodedByChanges has several accounts want one address for a day, and counts the mails to it and
// to one of them.
func floodedByChanges(r *run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	c := l.Changer()
	c.Ageless = true
	var tokens []string
	for n := range 4 {
		email := fmt.Sprintf("flooder%d@example.com", n)
		l.User(lab.UserSpec{Email: email, EmailVerified: true})
		tokens = append(tokens, c.SignIn(email))
	}
	hours, calls := r.scale(24, 6), 0
	toOne := l.Inbox.Mails("flooder0@example.com")
	for range hours * 12 {
		for _, token := range tokens {
			c.Start(token, wanted)
			calls++
		}
		l.Clock.Advance(5 * time.Minute)
	}
	toOne = l.Inbox.Mails("flooder0@example.com") - toOne
	got, most := l.Inbox.Mails(wanted), changeBurst+hours
	r.add(m, "four accounts want one stranger's address, a start every five minutes each", calls,
		fmt.Sprintf("%d mails to it in %d h, %d to the first account", got, hours, toOne), fmt.Sprintf("≤ %d", most),
		unless(got > 0 && got <= most, "%d mails to the stranger, %d is the most", got, most),
		unless(toOne <= most, "%d mails to the first account, %d is the most", toOne, most),
		unless(!strings.Contains(c.Log.String(), "@"), "the log has an address"))
}
