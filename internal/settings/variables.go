package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A variable is one environment variable: its name, who reads it, and the way there and back.
type variable struct {
	name     string
	readers  []Function
	required bool
	get      func(*Settings) string
	set      func(*Settings, string) error
}

func (v variable) readBy(f Function) bool { return slices.Contains(v.readers, f) }

var (
	everyone = []Function{DefineAuthChallenge, CreateAuthChallenge, VerifyAuthChallenge, PreSignUp, PreTokenGeneration, MailEvents}
	counting = []Function{DefineAuthChallenge, CreateAuthChallenge}
	keyed    = []Function{CreateAuthChallenge, VerifyAuthChallenge}
	storing  = []Function{CreateAuthChallenge, VerifyAuthChallenge, MailEvents}
	mailing  = []Function{CreateAuthChallenge}
	marking  = []Function{MailEvents}
	bounding = []Function{CreateAuthChallenge, MailEvents}
)

// variables is the whole contract between the construct and its functions.
var variables = []variable{
	{"EMAILOTP_MODE", everyone, true,
		func(s *Settings) string { return string(s.Mode) },
		func(s *Settings, v string) error {
			s.Mode = Mode(v)
			if s.Mode != Password && s.Mode != Passwordless {
				return fmt.Errorf("must be %q or %q (received: %q)", Password, Passwordless, v)
			}
			return nil
		}},
	number("EMAILOTP_MAX_ATTEMPTS", counting, MinAttempts, MaxAttempts, func(s *Settings) *int { return &s.MaxAttempts }),

	number("EMAILOTP_CODE_LENGTH", mailing, MinCodeLength, MaxCodeLength, func(s *Settings) *int { return &s.CodeLength }),
	seconds("EMAILOTP_CODE_TTL", mailing, MinCodeTTL, MaxCodeTTL, func(s *Settings) *time.Duration { return &s.CodeTTL }),
	text("EMAILOTP_KEY_ARN", keyed, true, func(s *Settings) *string { return &s.KeyARN }),
	text("EMAILOTP_TABLE", storing, true, func(s *Settings) *string { return &s.TableName }),
	text("EMAILOTP_USER_POOL_ID", marking, true, func(s *Settings) *string { return &s.UserPoolID }),
	number("EMAILOTP_GUESS_BURST", keyed, MinGuessBurst, MaxGuessBurst, func(s *Settings) *int { return &s.GuessBurst }),
	seconds("EMAILOTP_GUESS_REFILL", keyed, MinGuessRefill, MaxGuessRefill, func(s *Settings) *time.Duration { return &s.GuessRefill }),
	number("EMAILOTP_POOL_MAILS_VERIFIED", mailing, MinPoolMails, MaxPoolMails, func(s *Settings) *int { return &s.PoolMailsVerified }),
	number("EMAILOTP_POOL_MAILS_UNVERIFIED", mailing, MinPoolMails, MaxPoolMails, func(s *Settings) *int { return &s.PoolMailsUnverified }),
	number("EMAILOTP_POOL_MAILS_UNVERIFIED_DAY", bounding, MinPoolMails, 24*MaxPoolMails, func(s *Settings) *int { return &s.PoolMailsUnverifiedDay }),
	number("EMAILOTP_POOL_MAILS_UNKNOWN", mailing, MinPoolMails, MaxPoolMails, func(s *Settings) *int { return &s.PoolMailsUnknown }),

	text("EMAILOTP_FROM", mailing, true, func(s *Settings) *string { return &s.From }),
	text("EMAILOTP_FROM_NAME", mailing, false, func(s *Settings) *string { return &s.FromName }),
	text("EMAILOTP_IDENTITY_ARN", mailing, false, func(s *Settings) *string { return &s.IdentityARN }),
	text("EMAILOTP_CONFIGURATION_SET", mailing, false, func(s *Settings) *string { return &s.ConfigurationSet }),
	text("EMAILOTP_REPLY_TO", mailing, false, func(s *Settings) *string { return &s.ReplyTo }),
	text("EMAILOTP_PRODUCT_NAME", mailing, false, func(s *Settings) *string { return &s.ProductName }),
	text("EMAILOTP_SUPPORT_ADDRESS", mailing, false, func(s *Settings) *string { return &s.SupportAddress }),
	text("EMAILOTP_LOCALE", mailing, false, func(s *Settings) *string { return &s.DefaultLocale }),
	{"EMAILOTP_ALLOWED_SIGN_UP_DOMAINS", []Function{PreSignUp}, false,
		func(s *Settings) string { return strings.Join(s.AllowedSignUpDomains, ",") },
		func(s *Settings, v string) error { s.AllowedSignUpDomains = strings.Split(v, ","); return nil }},
	{"EMAILOTP_TRUST_UNVERIFIED", mailing, false,
		func(s *Settings) string {
			if s.TrustUnverified {
				return "true"
			}
			return ""
		},
		func(s *Settings, v string) error {
			// A closed set: a typing error must not quietly open the setting.
			if v != "true" && v != "false" {
				return fmt.Errorf("must be \"true\" or \"false\" (received: %q)", v)
			}
			s.TrustUnverified = v == "true"
			return nil
		}},
}

func text(name string, readers []Function, required bool, field func(*Settings) *string) variable {
	return variable{name, readers, required,
		func(s *Settings) string { return *field(s) },
		func(s *Settings, v string) error { *field(s) = v; return nil }}
}

func number(name string, readers []Function, least, most int, field func(*Settings) *int) variable {
	return variable{name, readers, true,
		func(s *Settings) string { return strconv.Itoa(*field(s)) },
		func(s *Settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < least || n > most {
				return fmt.Errorf("must be a whole number from %d to %d (received: %q)", least, most, v)
			}
			*field(s) = n
			return nil
		}}
}

func seconds(name string, readers []Function, least, most time.Duration, field func(*Settings) *time.Duration) variable {
	lowest, highest := int(least/time.Second), int(most/time.Second)
	return variable{name, readers, true,
		func(s *Settings) string { return strconv.Itoa(int(*field(s) / time.Second)) },
		func(s *Settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < lowest || n > highest {
				return fmt.Errorf("must be whole seconds from %d to %d (received: %q)", lowest, highest, v)
			}
			*field(s) = time.Duration(n) * time.Second
			return nil
		}}
}
