package emailotp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"
)

// doorsMark is the pool's metadata that names the doors which are acknowledged, for tools that
// judge the template.
const doorsMark = "EmailOTP::AcknowledgedDoors"

// DoorKind is a way into an account that the mailed code does not guard.
type DoorKind string

const (
	// DoorUserSrpAuth is an app client that allows ALLOW_USER_SRP_AUTH, also by leaving its flows
	// unset: that is Cognito's default. A password alone signs in there.
	DoorUserSrpAuth DoorKind = "USER_SRP_AUTH"
	// DoorUserPasswordAuth is an app client that allows ALLOW_USER_PASSWORD_AUTH.
	DoorUserPasswordAuth DoorKind = "USER_PASSWORD_AUTH"
	// DoorAdminUserPasswordAuth is an app client that allows ALLOW_ADMIN_USER_PASSWORD_AUTH, or its
	// older name ADMIN_NO_SRP_AUTH.
	DoorAdminUserPasswordAuth DoorKind = "ADMIN_USER_PASSWORD_AUTH"
	// DoorUserAuth is an app client that allows ALLOW_USER_AUTH, Cognito's choice-based sign-in: it
	// offers passwords and SRP.
	DoorUserAuth DoorKind = "USER_AUTH"
	// DoorUnknownFlow is an app client with a flow that is not known to be guarded, or whose flows are
	// a token.
	DoorUnknownFlow DoorKind = "UNKNOWN_FLOW"
	// DoorHostedUI is an app client that allows OAuth's code or implicit grant. Managed login takes a
	// password, or a federated identity, and never runs the triggers.
	DoorHostedUI DoorKind = "HOSTED_UI"
	// DoorWriteEmail is an app client that may write the email attribute, also by leaving its write
	// attributes unset. A stolen access token moves the account to another mailbox there.
	DoorWriteEmail DoorKind = "WRITE_EMAIL"
	// DoorEmailRecovery is a pool in [ModePassword] that resets passwords by e-mail: the mailbox alone
	// is both factors then.
	DoorEmailRecovery DoorKind = "EMAIL_RECOVERY"
	// DoorNativeMFA is a pool in [ModePassword] whose native MFA is not off. Whether Cognito asks for
	// the code after a native factor is not documented.
	DoorNativeMFA DoorKind = "NATIVE_MFA"
	// DoorEmailAlias is a pool in which e-mail is an alias. Verifying an address moves the alias from
	// its owner to whoever signed up with it last.
	DoorEmailAlias DoorKind = "EMAIL_ALIAS"
)

var doorKinds = []DoorKind{DoorUserSrpAuth, DoorUserPasswordAuth, DoorAdminUserPasswordAuth, DoorUserAuth, DoorUnknownFlow,
	DoorHostedUI, DoorWriteEmail, DoorEmailRecovery, DoorNativeMFA, DoorEmailAlias}

// A Door names one way into accounts that the mailed code does not guard. The construct looks for
// doors over the whole app when it is synthesised, and refuses each that EmailOTPProps does not
// acknowledge.
type Door struct {
	// Kind is what is open.
	Kind DoorKind
	// Path is the construct path of the app client, or of the pool for the pool's own doors, such as
	// "Prod/Legacy". Errors print it.
	Path string
}

func (r *reader) doorsOf(doors []Door) {
	for _, d := range doors {
		switch {
		case unresolvedString(d.Path) || unresolvedString(string(d.Kind)):
			r.add("AcknowledgedDoors must be known while the app is synthesised (received: a token); copy kind and path from the error that names the door")
		case !slices.Contains(doorKinds, d.Kind):
			r.add("AcknowledgedDoors has no kind %q; the kinds are %s", d.Kind, joinKinds())
		case d.Path == "":
			r.add("AcknowledgedDoors has a %s without a path; copy it from the error that names the door", d.Kind)
		}
	}
}

func joinKinds() string {
	names := make([]string, len(doorKinds))
	for i, k := range doorKinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// A finding is a door that stands open in the app.
type finding struct {
	door    Door
	mark    string // what acknowledges it in metadata, such as "USER_SRP_AUTH:Legacy2F8A1B3C"
	problem string // a sentence with the remedy
}

// watchDoors has the app checked once all of it is there and every aspect has run.
func (e *emailOTP) watchDoors() {
	e.Node().AddValidation(&doorWatch{e})
}

// doorWatch is a construct validation. It has no exported field: those would become JavaScript
// properties.
type doorWatch struct{ e *emailOTP }

// Validate returns a sentence for every door that is open and not acknowledged, sorted, and writes
// the acknowledged ones into the pool's metadata.
func (w *doorWatch) Validate() *[]*string {
	e := w.e
	found := append(e.poolDoors(), e.clientDoors()...)
	problems := append(e.lostTriggers(), e.sharedIdentities()...)
	var acknowledged []string
	used := map[Door]bool{}
	for _, f := range found {
		if slices.Contains(e.config.doors, f.door) || e.config.clientsMayChangeEmail && f.door.Kind == DoorWriteEmail {
			used[f.door] = true
			acknowledged = append(acknowledged, f.mark)
			continue
		}
		problems = append(problems, fmt.Sprintf("%s, or acknowledge it by AcknowledgedDoors: {Kind: %q, Path: %q}", f.problem, f.door.Kind, f.door.Path))
	}
	for _, d := range e.config.doors {
		if !used[d] {
			problems = append(problems, fmt.Sprintf("AcknowledgedDoors has {Kind: %q, Path: %q}, which is not open (any more); remove it", d.Kind, d.Path))
		}
	}
	if len(acknowledged) > 0 {
		slices.Sort(acknowledged)
		e.poolResource().AddMetadata(jsii.String(doorsMark), slices.Compact(acknowledged))
	}
	slices.Sort(problems)
	return jsii.Strings(slices.Compact(problems)...)
}
