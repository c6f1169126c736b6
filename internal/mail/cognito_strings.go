package mail

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// CognitoStrings are the texts of one language that the mails of Cognito's own add to [Strings].
// {product} is replaced in each, {username} in Invitation, which must have it. An empty string
// falls back to the built-in one, at last to English; an empty subject to the heading and the
// product.
type CognitoStrings struct {
	// InvitationSubject is the subject of an invitation, InvitationHeading its title.
	InvitationSubject string `json:"invitationSubject,omitempty"`
	InvitationHeading string `json:"invitationHeading,omitempty"`
	// Invitation is the instruction before the temporary password. {username}
	Invitation string `json:"invitation,omitempty"`
	// InvitationExpires is the sentence about the temporary password's validity.
	InvitationExpires string `json:"invitationExpires,omitempty"`
	// InvitationSecret is the advice never to tell the password.
	InvitationSecret string `json:"invitationSecret,omitempty"`
	// InvitationNotYouTitle and InvitationNotYou are the advice for a reader who expects no
	// account.
	InvitationNotYouTitle string `json:"invitationNotYouTitle,omitempty"`
	InvitationNotYou      string `json:"invitationNotYou,omitempty"`
	// ResetSubject and the like are the same of the mail with a reset code.
	ResetSubject string `json:"resetSubject,omitempty"`
	ResetHeading string `json:"resetHeading,omitempty"`
	Reset        string `json:"reset,omitempty"`
	ResetExpires string `json:"resetExpires,omitempty"`
	ResetNotYou  string `json:"resetNotYou,omitempty"`
	// ConfirmationSubject and the like are the same of the mail with a code that proves an address:
	// at sign-up, sent again, and of a changed attribute.
	ConfirmationSubject string `json:"confirmationSubject,omitempty"`
	ConfirmationHeading string `json:"confirmationHeading,omitempty"`
	Confirmation        string `json:"confirmation,omitempty"`
	ConfirmationExpires string `json:"confirmationExpires,omitempty"`
	ConfirmationNotYou  string `json:"confirmationNotYou,omitempty"`
	// Footer is the reason for these mails.
	Footer string `json:"footer,omitempty"`
}

// each calls f with every text and its name in JSON.
func (s *CognitoStrings) each(f func(key string, text *string)) {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f(key, v.Field(i).Addr().Interface().(*string))
	}
}

// merge fills what s leaves empty from fallback.
func (s *CognitoStrings) merge(fallback CognitoStrings) {
	from := reflect.ValueOf(fallback)
	i := 0
	s.each(func(_ string, text *string) {
		*text = cmp.Or(*text, from.Field(i).String())
		i++
	})
}

// problems returns what is wrong with the texts.
func (s *CognitoStrings) problems() (errs []error) {
	s.each(func(key string, text *string) {
		values := []string{"product"}
		if key == "invitation" {
			values = append(values, "username")
		}
		err := lineProblem(*text, maxString, false)
		if err == nil {
			err = checkPlaceholders(*text, values)
		}
		if err == nil && key == "invitation" && *text != "" && !strings.Contains(*text, UsernamePlaceholder) {
			err = fmt.Errorf("lacks %s, which Cognito requires", UsernamePlaceholder)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cognito.%s %w", key, err))
		}
	})
	return errs
}

//go:embed catalog/cognito/*.json
var cognitoCatalogs embed.FS

// CognitoLanguage returns the language of Cognito's mails for one of [Renderer.Languages]: itself
// or its nearest ancestor that ships or that the config has texts of these mails for, else English.
func (r *Renderer) CognitoLanguage(tag string) string {
	for ; tag != ""; tag = parent(tag) {
		if r.config.Languages[tag].Cognito != (CognitoStrings{}) || slices.Contains(locale.Shipped(), tag) {
			return tag
		}
	}
	return locale.Default
}

// cognitoStrings returns the texts for tag with every gap filled, as resolve does for [Strings],
// and the keys whose text is English for want of another.
func (r *Renderer) cognitoStrings(tag string) (s CognitoStrings, missing []string, err error) {
	add := func(s *CognitoStrings, tag string) {
		s.merge(r.config.Languages[tag].Cognito)
		if err == nil && slices.Contains(locale.Shipped(), tag) {
			var own CognitoStrings
			own, err = builtinCognito(tag)
			s.merge(own)
		}
	}
	for ancestor := tag; ancestor != "" && ancestor != locale.Default; ancestor = parent(ancestor) {
		add(&s, ancestor)
	}
	var english CognitoStrings
	add(&english, locale.Default)
	if tag != locale.Default {
		s.each(func(key string, text *string) {
			if *text == "" && !strings.HasSuffix(key, "Subject") {
				missing = append(missing, "cognito."+key)
			}
		})
		// A subject of its own language is better than an English one of the importer's.
		english.InvitationSubject, english.ResetSubject, english.ConfirmationSubject = "", "", ""
	}
	s.merge(english)
	return s, missing, err
}

func builtinCognito(tag string) (s CognitoStrings, err error) {
	file, err := cognitoCatalogs.ReadFile("catalog/cognito/" + tag + ".json")
	if err == nil {
		err = json.Unmarshal(file, &s)
	}
	if err != nil {
		return s, fmt.Errorf("built-in language %s of Cognito's mails: %w", tag, err)
	}
	return s, nil
}

// cognitoPhrases returns the texts of a kind. What it shares with the mail of a sign-in code comes
// from [Strings].
func (r *Renderer) cognitoPhrases(kind CognitoKind, tag string) (Phrases[string], error) {
	s, _, err := r.cognitoStrings(tag)
	if err != nil {
		return Phrases[string]{}, err
	}
	w, err := r.words(tag)
	if err != nil {
		return Phrases[string]{}, err
	}
	p := Phrases[string]{Secret: w.Secret, NotYouTitle: w.NotYouTitle, Support: w.Support, Footer: s.Footer}
	switch kind {
	case Invitation:
		p.Subject, p.Heading, p.Intro = s.InvitationSubject, s.InvitationHeading, s.Invitation
		p.Expires, p.NotYou = s.InvitationExpires, s.InvitationNotYou
		p.Secret, p.NotYouTitle = s.InvitationSecret, s.InvitationNotYouTitle
	case Reset:
		p.Subject, p.Heading, p.Intro = s.ResetSubject, s.ResetHeading, s.Reset
		p.Expires, p.NotYou = s.ResetExpires, s.ResetNotYou
	default:
		p.Subject, p.Heading, p.Intro = s.ConfirmationSubject, s.ConfirmationHeading, s.Confirmation
		p.Expires, p.NotYou = s.ConfirmationExpires, s.ConfirmationNotYou
	}
	if r.config.SupportAddress == "" {
		p.Support = ""
	}
	p.Subject = cmp.Or(p.Subject, p.Heading+" · {product}")
	p.Preview = p.Heading + " · " + p.Expires
	return p, nil
}
