package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Field is one setting: the environment variable that carries it, the functions that read it, and
// the names under which an adopter sets it. The construct, the reader of cdk.json and [Parse] all
// work from the list that [Fields] returns.
type Field struct {
	// Prop is the name in the construct's props; empty where the construct fills in the value
	// itself.
	Prop string
	// Key is the name in an environment of cdk.json; empty where Prop is.
	Key string
	// Variable is the environment variable.
	Variable string
	// Least and Most bound a number, and a duration in whole seconds. Both are 0 for other types.
	Least, Most int
	// Unit is what a number counts, such as "digits".
	Unit string

	readers  []Function
	optional bool
	pointer  func(*Settings) any
}

// Of returns a pointer to the field in s: a *[Mode], *string, *int, *bool, *[time.Duration] or
// *[]string.
func (f Field) Of(s *Settings) any { return f.pointer(s) }

// ReadBy reports whether the function reads the field.
//
// [ChangeAddress] mails codes as [CreateAuthChallenge] does, and reads all that it reads.
func (f Field) ReadBy(fn Function) bool {
	return slices.Contains(f.readers, fn) || fn == ChangeAddress && slices.Contains(f.readers, CreateAuthChallenge)
}

// Fields returns every setting in a fixed order.
func Fields() []Field { return slices.Clone(fields) }

var (
	readByAll = []Function{DefineAuthChallenge, CreateAuthChallenge, VerifyAuthChallenge, PreSignUp,
		PreTokenGeneration, MailEvents}
	readByCreate  = []Function{CreateAuthChallenge}
	readBySignIns = []Function{DefineAuthChallenge, CreateAuthChallenge, VerifyAuthChallenge}
	readByGuesses = []Function{CreateAuthChallenge, VerifyAuthChallenge}
	readByRounds  = []Function{DefineAuthChallenge, CreateAuthChallenge}
	readByStores  = []Function{CreateAuthChallenge, VerifyAuthChallenge, MailEvents}
	readByEvents  = []Function{MailEvents, ChangeAddress}
	readByChange  = []Function{ChangeAddress}
	readByQuotas  = []Function{CreateAuthChallenge, MailEvents}
	readBySignUp  = []Function{PreSignUp}
	readByVerify  = []Function{VerifyAuthChallenge}
	readByChains  = []Function{CreateAuthChallenge, VerifyAuthChallenge, PreSignUp, PreTokenGeneration}
)

// fields is the whole contract between the construct and its functions. A line per setting; those
// of the mail stand in mail.go.
var fields = append([]Field{
	{Prop: "Mode", Key: "mode", Variable: "EMAILOTP_MODE", readers: readByAll,
		pointer: func(s *Settings) any { return &s.Mode }},
	number("MaxAttempts", "maxAttempts", "EMAILOTP_MAX_ATTEMPTS", "answers", readByRounds, MinAttempts, MaxAttempts,
		func(s *Settings) any { return &s.MaxAttempts }),
	number("CodeLength", "codeLength", "EMAILOTP_CODE_LENGTH", "digits", readByCreate, MinCodeLength, MaxCodeLength,
		func(s *Settings) any { return &s.CodeLength }),
	duration("CodeTTL", "codeTtlSeconds", "EMAILOTP_CODE_TTL", readByCreate, MinCodeTTL, MaxCodeTTL,
		func(s *Settings) any { return &s.CodeTTL }),
	number("GuessBurst", "guessBurst", "EMAILOTP_GUESS_BURST", "answers", readByGuesses, MinGuessBurst, MaxGuessBurst,
		func(s *Settings) any { return &s.GuessBurst }),
	duration("GuessRefill", "guessRefillSeconds", "EMAILOTP_GUESS_REFILL", readByGuesses, MinGuessRefill, MaxGuessRefill,
		func(s *Settings) any { return &s.GuessRefill }),
	number("VerifiedMailsPerHour", "verifiedMailsPerHour", "EMAILOTP_POOL_MAILS_VERIFIED", "mails an hour", readByCreate,
		MinPoolMails, MaxPoolMails, func(s *Settings) any { return &s.PoolMailsVerified }),
	number("UnverifiedMailsPerHour", "unverifiedMailsPerHour", "EMAILOTP_POOL_MAILS_UNVERIFIED", "mails an hour",
		readByCreate, MinPoolMails, MaxPoolMails, func(s *Settings) any { return &s.PoolMailsUnverified }),
	number("UnverifiedMailsPerDay", "unverifiedMailsPerDay", "EMAILOTP_POOL_MAILS_UNVERIFIED_DAY", "mails a day",
		readByQuotas, MinPoolMails, MaxPoolMailsDay, func(s *Settings) any { return &s.PoolMailsUnverifiedDay }),
	number("UnknownMailsPerHour", "unknownMailsPerHour", "EMAILOTP_POOL_MAILS_UNKNOWN", "mails an hour", readByCreate,
		MinPoolMails, MaxPoolMails, func(s *Settings) any { return &s.PoolMailsUnknown }),
	numberOrNone("RememberDevices", "rememberDevices", "EMAILOTP_REMEMBER_DEVICES", "days", readBySignIns,
		MinRememberDevices, MaxRememberDevices, func(s *Settings) any { return &s.RememberDevices }),
	{Prop: "MailUnverifiedAddresses", Key: "mailUnverifiedAddresses", Variable: "EMAILOTP_TRUST_UNVERIFIED",
		readers: readByCreate, optional: true, pointer: func(s *Settings) any { return &s.TrustUnverified }},
	{Prop: "CustomMessages", Key: "customMessages", Variable: "EMAILOTP_CUSTOM_MESSAGES",
		readers: readByCreate, optional: true, pointer: func(s *Settings) any { return &s.CustomMessages }},
	{Prop: "InvitationByMail", Key: "invitationByMail", Variable: "EMAILOTP_INVITATION_BY_MAIL",
		readers: readByCreate, optional: true, pointer: func(s *Settings) any { return &s.InvitationByMail }},
	{Prop: "AllowedSignUpDomains", Key: "allowedSignUpDomains", Variable: "EMAILOTP_ALLOWED_SIGN_UP_DOMAINS",
		readers: readBySignUp, optional: true, pointer: func(s *Settings) any { return &s.AllowedSignUpDomains }},

	{Variable: "EMAILOTP_KEY_ARN", readers: readByGuesses, pointer: func(s *Settings) any { return &s.KeyARN }},
	{Variable: "EMAILOTP_TABLE", readers: readByStores, pointer: func(s *Settings) any { return &s.TableName }},
	{Variable: "EMAILOTP_CASE_SENSITIVE_NAMES", readers: readByGuesses, optional: true,
		pointer: func(s *Settings) any { return &s.CaseSensitiveNames }},
	{Variable: "EMAILOTP_USER_POOL_ID", readers: readByEvents, pointer: func(s *Settings) any { return &s.UserPoolID }},
	{Variable: ClientIDsVariable, readers: readByChange, pointer: func(s *Settings) any { return &s.ClientIDs }},
	{Variable: OriginSecretVariable, readers: readByChange, pointer: func(s *Settings) any { return &s.OriginSecret }},
	{Variable: "EMAILOTP_RECOVERY_BY_EMAIL", readers: readByVerify, optional: true,
		pointer: func(s *Settings) any { return &s.RecoveryByEmail }},
	{Variable: "EMAILOTP_CHAINED", readers: readByChains, optional: true,
		pointer: func(s *Settings) any { return &s.Chained }},
	text("", "", "EMAILOTP_IDENTITY_ARN", func(s *Settings) any { return &s.IdentityARN }),
	text("", "", "EMAILOTP_CONFIGURATION_SET", func(s *Settings) any { return &s.ConfigurationSet }),
}, mailFields...)

// text returns a field that the create function reads and that may be empty.
func text(prop, key, variable string, pointer func(*Settings) any) Field {
	return Field{Prop: prop, Key: key, Variable: variable, readers: readByCreate, optional: true, pointer: pointer}
}

func number(prop, key, variable, unit string, readers []Function, least, most int, pointer func(*Settings) any) Field {
	return Field{Prop: prop, Key: key, Variable: variable, Unit: unit, readers: readers, Least: least, Most: most,
		pointer: pointer}
}

// numberOrNone returns a field that is left out where it is 0, whatever its range.
func numberOrNone(prop, key, variable, unit string, readers []Function, least, most int,
	pointer func(*Settings) any) Field {
	f := number(prop, key, variable, unit, readers, least, most, pointer)
	f.optional = true
	return f
}

func duration(prop, key, variable string, readers []Function, least, most time.Duration,
	pointer func(*Settings) any) Field {
	return number(prop, key, variable, "seconds", readers, int(least/time.Second), int(most/time.Second), pointer)
}

// write returns the field of s as the text of its variable; empty where the variable is left out.
func (f Field) write(s *Settings) string {
	switch p := f.Of(s).(type) {
	case *Mode:
		return string(*p)
	case *string:
		return *p
	case *int:
		if f.optional && *p == 0 {
			return ""
		}
		return strconv.Itoa(*p)
	case *time.Duration:
		return strconv.Itoa(int(*p / time.Second))
	case *[]string:
		return strings.Join(*p, ",")
	case *bool:
		if *p {
			return "true"
		}
	}
	return ""
}

// read sets the field of s from the text of its variable.
func (f Field) read(s *Settings, value string) error {
	switch p := f.Of(s).(type) {
	case *Mode:
		*p = Mode(value)
		if !p.IsValid() {
			return fmt.Errorf("must be %q or %q (received: %q)", Password, Passwordless, value)
		}
	case *string:
		*p = value
	case *[]string:
		*p = strings.Split(value, ",")
	case *int:
		n, err := f.whole(value)
		*p = n
		return err
	case *time.Duration:
		n, err := f.whole(value)
		*p = time.Duration(n) * time.Second
		return err
	case *bool:
		// A closed set: a typing error must not open the setting silently.
		if value != "true" && value != "false" {
			return fmt.Errorf(`must be "true" or "false" (received: %q)`, value)
		}
		*p = value == "true"
	}
	return nil
}

func (f Field) whole(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err == nil && n >= f.Least && n <= f.Most {
		return n, nil
	}
	what := "a whole number"
	if f.Unit == "seconds" {
		what = "whole seconds"
	}
	return 0, fmt.Errorf("must be %s from %d to %d (received: %q)", what, f.Least, f.Most, value)
}
