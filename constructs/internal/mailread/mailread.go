// Package mailread compiles the mail of the props, and reports what is wrong with it by the names
// of the props.
package mailread

import (
	"bytes"
	"cmp"
	"reflect"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Compile returns the mail's file and warnings; nil for a mail that was refused.
func Compile(
	r *propread.Reader, m mail.Config, s settings.Settings, props reflect.Type,
) (compiled []byte, warnings []string) {
	file, notes, err := compile.Compile(m, compile.Code{Length: s.CodeLength, TTL: s.CodeTTL})
	Refused(r, err, props)
	switch {
	case err != nil:
	case bytes.Contains(file, []byte("${Token[")):
		// The props have none, so a file of Mail.Directory was written with one.
		r.Add("Mail has the text of a token (${Token[...]}), which would be mailed as it stands; write the text itself")
	default:
		compiled = file
	}
	for _, n := range notes {
		warnings = append(warnings, "Mail."+n.String())
	}
	return compiled, warnings
}

// Refused adds each line of an error of the mail's configuration as a problem of the prop that the
// line begins with. Its type has the names of the props of Mail.
func Refused(r *propread.Reader, err error, props reflect.Type) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimRight(line, "\n")
		field, rest := line, ""
		if i := strings.IndexAny(line, " :[."); i >= 0 {
			field, rest = line[:i], line[i:]
		}
		if prop := propOf(field, props); prop != "" {
			r.Add("%s", prop+rest)
		} else {
			r.Add("Mail: %s", line)
		}
	}
}

// propOf returns the prop of a field of the mail's configuration; empty for other words.
func propOf(field string, props reflect.Type) string {
	var s settings.Settings
	if v := reflect.ValueOf(&s.Mail).Elem().FieldByName(field); v.IsValid() {
		for _, f := range settings.Fields() {
			if f.Of(&s) == v.Addr().Interface() {
				return f.Prop
			}
		}
	}
	field = cmp.Or(map[string]string{"Origin": "SignInHost", "FeedbackID": "FeedbackId"}[field], field)
	if _, ok := props.FieldByName(field); ok {
		return "Mail." + field
	}
	return ""
}

// CheckCognito renders every mail of Cognito's own, by the compiled mail of the props if there is
// one: a text beyond Cognito's limits is refused here, since the trigger could only leave it out.
func CheckCognito(r *propread.Reader, s settings.Settings, compiled []byte) {
	renderer, err := mail.New(mail.Config{Mode: s.Mode, Mail: s.Mail})
	if compiled != nil {
		renderer, err = mail.Load(compiled)
	}
	if err == nil {
		err = renderer.CheckCognito()
	}
	if err != nil {
		r.Add("CustomMessages: %v", err)
	}
}
