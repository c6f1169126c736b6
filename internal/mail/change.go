package mail

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// Kind is what a mail is about.
type Kind string

// The kinds. All but SignIn belong to a change of address: they have the built-in layout with the
// config's brand, and texts of their own, which templates and strings of the importer don't
// replace.
const (
	// SignIn has the code of a sign-in.
	SignIn Kind = ""
	// ChangeFrom has a code for the present address, ChangeTo one for the new address.
	ChangeFrom Kind = "present"
	ChangeTo   Kind = "new"
	// AddressTaken informs the owner of an address that it belongs to an account already. It has no
	// code, as AddressChanged, the notice to the address that an account had before.
	AddressTaken   Kind = "taken"
	AddressChanged Kind = "changed"
)

// HasCode reports whether mails of the kind have a code.
func (k Kind) HasCode() bool { return k != AddressTaken && k != AddressChanged }

// changeStrings are the texts of one language about a change of address.
type changeStrings struct {
	Footer, Change                 string
	Present, PresentNotYou         string
	New, NewNotYou                 string
	Taken, TakenIntro, TakenNotYou string
	Changed, ChangedIntro          string
	ChangedNotYou                  string
}

//go:embed changes.json
var changesJSON []byte

// changes are the texts by language, read at the first mail that needs them.
var changes = sync.OnceValues(func() (all map[string]changeStrings, err error) {
	if err = json.Unmarshal(changesJSON, &all); err != nil {
		err = fmt.Errorf("changes.json: %w", err)
	}
	return all, err
})

// languageOf returns the language of a mail: the given one, or for a change of address its nearest
// ancestor that has the texts, at last English.
func (k Kind) languageOf(tag string) string {
	if k == SignIn {
		return tag
	}
	for ; tag != ""; tag = parent(tag) {
		if slices.Contains(locale.Shipped(), tag) {
			return tag
		}
	}
	return locale.Default
}

// about replaces the phrases of a sign-in by those of the kind.
func (k Kind) about(p *Phrases[string], language string) error {
	if k == SignIn {
		return nil
	}
	all, err := changes()
	if err != nil {
		return err
	}
	s := all[language]
	switch k {
	case ChangeFrom:
		p.Heading, p.Intro, p.NotYou = s.Change, s.Present, s.PresentNotYou
	case ChangeTo:
		p.Heading, p.Intro, p.NotYou = s.Change, s.New, s.NewNotYou
	case AddressTaken:
		p.Heading, p.Intro, p.NotYou = s.Taken, s.TakenIntro, s.TakenNotYou
	case AddressChanged:
		p.Heading, p.Intro, p.NotYou = s.Changed, s.ChangedIntro, s.ChangedNotYou
	default:
		return fmt.Errorf("there is no kind %q of mail", k)
	}
	p.Subject, p.Preview, p.Footer, p.LongCode = p.Heading+" · {product}", p.Intro, s.Footer, ""
	if !k.HasCode() {
		p.Expires, p.Secret, p.Requested = "", "", ""
	}
	return nil
}
