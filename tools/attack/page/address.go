package page

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

const (
	// thief is the account of an attacker, wanted an address that no account has.
	thief  = "thief@example.com"
	wanted = "wanted@example.com"

	changeBurst = 3 // mails to an address that accounts want, and starts of an account, at once; one more each hour
	changeAge   = 5 * time.Minute
)

// Addresses attacks the change of an address.
func Addresses(r *rig.Run, m settings.Mode) {
	plan := lab.Plan{Mode: m, Memory: r.Small}
	r.TryUses(plan, changes(), "", "refused", "changed", func(l *lab.Lab) {
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
func changes() []rig.Use {
	with := func(f func(c change) (bool, error)) func(*lab.Lab) (bool, error) {
		return func(l *lab.Lab) (bool, error) { return f(begins(l)) }
	}
	return []rig.Use{
		rig.Accepted("both codes, with the token of their sign-in", with(func(c change) (bool, error) {
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})),
		rig.Accepted("a moment before the codes expire", with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(rig.CodeTTL - rig.Moment)
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})),
		rig.Refused("expired codes", with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(rig.CodeTTL)
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})),
		rig.Refused("another user's token", with(func(c change) (bool, error) {
			token := c.SignIn(thief)
			c.Start(token, "other@example.com")
			return c.confirm(token, wanted, c.present, c.fresh)
		})),
		rig.Refused("another sign-in of the same user", with(func(c change) (bool, error) {
			return c.confirm(c.SignIn(lab.Victim), wanted, c.present, c.fresh)
		})),
		rig.Refused("a token without its signature", with(func(c change) (bool, error) {
			return c.confirm(c.token[:strings.LastIndexByte(c.token, '.')+1], wanted, c.present, c.fresh)
		})),
		rig.Refused("another app client", with(func(c change) (bool, error) {
			c.Server.Settings.ClientIDs = []string{"2example23456789"}
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})),
		rig.Refused("a sign-in that was ended", with(func(c change) (bool, error) {
			_, err := c.Lab.Call("GlobalSignOut", map[string]any{"AccessToken": c.token})
			c.Lab.Scope.Check(err)
			return c.confirm(c.token, wanted, c.present, c.fresh)
		})),
		rig.Refused("a start with an old auth_time", with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(changeAge + rig.Moment)
			before := c.Lab.Inbox.Total
			c.Start(c.token, "later@example.com")
			return c.Lab.Inbox.Total > before, nil
		})),
		rig.Refused("the codes swapped", with(func(c change) (bool, error) {
			return c.confirm(c.token, wanted, c.fresh, c.present)
		})),
		rig.Refused("one code for both", with(func(c change) (bool, error) {
			return c.confirm(c.token, wanted, c.fresh, c.fresh)
		})),
		rig.Refused("the codes for another address", with(func(c change) (bool, error) {
			return c.confirm(c.token, "another@example.com", c.present, c.fresh)
		})),
		rig.Refused("the codes of an earlier start", with(func(c change) (bool, error) {
			first := c
			c.Lab.Clock.Advance(rig.Cooldown)
			c.restart()
			return c.confirm(c.token, wanted, first.present, first.fresh)
		})),
		rig.Refused("the code of a sign-in as the present one", with(func(c change) (bool, error) {
			c.SignIn(lab.Victim)
			return c.confirm(c.token, wanted, c.Lab.Inbox.Code(lab.Victim), c.fresh)
		})),
		rig.Refused("the codes of a change as a sign-in's", with(func(c change) (bool, error) {
			c.Lab.Clock.Advance(2 * rig.Cooldown)
			a, err := c.Lab.Enter(lab.Victim, lab.KnownPassword)
			c.Lab.Scope.Check(err)
			for _, code := range []string{c.present, c.fresh} {
				if a, err = c.Lab.AnswerCode(a, lab.Victim, code); err != nil || a.SignedIn() {
					break
				}
			}
			return a.SignedIn(), err
		})),
		rig.Refused("the codes a second time", with(func(c change) (bool, error) {
			c.confirm(c.token, wanted, c.present, c.fresh)
			status, _ := c.Confirm(c.SignIn(wanted), wanted, c.present, c.fresh)
			return status == http.StatusOK, nil
		})),
	}
}

// takenAddress wants an address that has an owner, by its answers and by guessing its code.
func takenAddress(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	for _, email := range []string{lab.Victim, thief} {
		l.User(lab.UserSpec{Email: email, EmailVerified: true})
	}
	c := l.Changer()
	owner, token := c.Owner(lab.Victim), c.SignIn(thief)
	_, free := c.Start(token, wanted)
	l.Clock.Advance(rig.Cooldown)
	_, taken := c.Start(token, strings.ToUpper(lab.Victim[:1])+lab.Victim[1:])
	present := l.Inbox.Code(thief)
	var won rig.Tally
	for n := range rig.Attempts {
		status, _ := c.Confirm(token, lab.Victim, present, rig.Guess(n, len(present)))
		won.Note(status == http.StatusOK || c.Owner(lab.Victim) != owner)
	}
	won.Add(r, m, "a taken address: the answer to the start, and guesses of its code", "changed",
		rig.Unless(free == taken, "a taken address answers %s, a free one %s", taken, free),
		rig.Unless(l.Inbox.Code(lab.Victim) == "", "the owner's mail has a code"))
}

// guessedChange guesses the code of the present mailbox for some days, with the new mailbox and a
// sign-in that is always fresh, and beside it the codes of sign-ins. Both spend from one budget.
func guessedChange(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
	c := l.Changer()
	c.Ageless = true
	token, days := c.SignIn(lab.Victim), r.Scale(7, 1)
	owner, compared, bySignIn, calls := c.Owner(lab.Victim), 0, 0, 0
	for end := l.Clock.Now().Add(time.Duration(days) * 24 * time.Hour); l.Clock.Now().Before(end); l.Clock.Advance(
		20 * time.Minute) {
		status, answer := c.Start(token, wanted)
		fresh := l.Inbox.Code(wanted)
		for n := 0; status == http.StatusOK && n < rig.Attempts; n++ {
			_, said := c.Confirm(token, wanted, rig.WrongCode(l.Inbox.Code(lab.Victim)), fresh)
			if strings.Contains(said, "wrong_code") && !strings.Contains(answer, fmt.Sprint(rig.LongDigits)) {
				compared++
			}
			calls++
		}
		a, err := l.Enter(lab.Victim, lab.KnownPassword)
		for n := 0; err == nil && n < rig.Attempts && a.ChallengeParameters[contract.ParamCodeLength] == "8"; n++ {
			before := l.Key.All.Wrong()
			a, err = l.AnswerCode(a, lab.Victim, rig.Guess(calls, 8))
			bySignIn += l.Key.All.Wrong() - before
			calls++
		}
	}
	l.Clock.Advance(24 * time.Hour)
	late, most := c.SignIn(lab.Victim) != "", rig.MaxGuesses(days)+1 // the days begin after a sign-in
	r.Add(m, "guesses of the present mailbox's code, by a change and by sign-ins in turn", calls,
		fmt.Sprintf("%d + %d compared in %d days", compared, bySignIn, days), fmt.Sprintf("≤ %d", most),
		rig.Unless(compared > 0, "no guess of a change was compared"),
		rig.Unless(compared+bySignIn <= most, "%d guesses were compared, %d is the most", compared+bySignIn, most),
		rig.Unless(c.Owner(wanted) == "" && c.Owner(lab.Victim) == owner, "a guess changed the address"),
		rig.Unless(late, "the owner was kept out by guesses of a change"))
}

// changesAtOnce confirms one pair of codes many times at once, and lets two accounts take one
// address at once.
func changesAtOnce(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: r.Small})
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
	n, _ := r.AtOnce(rig.Replays, func(i int) (bool, error) {
		each := both[i%2]
		status, _ := each.Confirm(each.token, wanted, each.present, each.fresh)
		return status == http.StatusOK, nil
	})
	left := rig.Count(c.Owner(lab.Victim) == subs[lab.Victim], c.Owner(thief) == subs[thief])
	r.Add(m, "two accounts take one address, each with its codes many times at once", rig.Replays,
		fmt.Sprintf("%d answers changed an address", n), "1",
		rig.Unless(n == 1, "%d answers changed the address", n),
		rig.Unless(left == 1 && c.Owner(wanted) != "", "%d of the two accounts kept their addresses", left))
}

// floodedByChanges has several accounts want one address for a day, and counts the mails to it and
// to one of them.
func floodedByChanges(r *rig.Run, m settings.Mode) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	c := l.Changer()
	c.Ageless = true
	var tokens []string
	for n := range 4 {
		email := fmt.Sprintf("flooder%d@example.com", n)
		l.User(lab.UserSpec{Email: email, EmailVerified: true})
		tokens = append(tokens, c.SignIn(email))
	}
	hours, calls := r.Scale(24, 6), 0
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
	r.Add(m, "four accounts want one stranger's address, a start every five minutes each", calls,
		fmt.Sprintf("%d mails to it in %d h, %d to the first account", got, hours, toOne), fmt.Sprintf("≤ %d", most),
		rig.Unless(got > 0 && got <= most, "%d mails to the stranger, %d is the most", got, most),
		rig.Unless(toOne <= most, "%d mails to the first account, %d is the most", toOne, most),
		rig.Unless(!strings.Contains(c.Log.String(), "@"), "the log has an address"))
}
