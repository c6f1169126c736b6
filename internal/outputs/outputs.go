// Package outputs makes settings for clients from the outputs of a deployment or the ready file of
// a sandbox: an amplify_outputs.json, environment variables, or the settings.json of the sign-in
// page.
//
//	c, err := outputs.Read(data, "", "")
//	text, err := c.Render("amplify", "")
package outputs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Client has the settings of a client.
type Client struct {
	// Region is the user pool's, such as "eu-west-1".
	Region string `json:"region"`
	// UserPoolID and UserPoolClientID are the pool's and the app client's ids.
	UserPoolID       string `json:"userPoolId"`
	UserPoolClientID string `json:"userPoolClientId"`
	// Mode is "password" or "passwordless".
	Mode string `json:"mode"`
	// Endpoint is the user pool's API in a sandbox; empty for AWS's.
	Endpoint string `json:"endpoint,omitempty"`
	// RememberDevices is how many days a password pool remembers a device; 0 is none. Recovery is
	// "email" where Cognito resets forgotten passwords by e-mail, and otherwise empty.
	RememberDevices int    `json:"rememberDevices,omitempty"`
	Recovery        string `json:"recovery,omitempty"`
	// SupportAddress is whom users of a password pool may ask for help; empty for none.
	SupportAddress string `json:"supportAddress,omitempty"`

	// SignInURL is the sign-in page; empty where the file has none. No format prints it.
	SignInURL string `json:"-"`
}

// Read reads the file that `cdk deploy --outputs-file` writes, or the ready file of a sandbox.
// Stack selects a stack of the former; empty selects the only one with an EmailOTP's outputs. Mode
// is for stacks without an output Mode; empty means the file's. The error for a missing output
// lists those that the file has.
func Read(data []byte, stack, mode string) (Client, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		return Client{}, fmt.Errorf("neither the outputs of a deployment nor a sandbox's ready file: %w", err)
	}
	var c Client
	var err error
	if _, ready := top["userPoolId"]; ready {
		c, err = fromReadyFile(data, stack)
	} else {
		c, err = fromDeployment(top, stack)
	}
	if err != nil {
		return Client{}, err
	}
	if mode != "" && c.Mode != "" && mode != c.Mode {
		return Client{}, fmt.Errorf("the pool's mode is %s, not %s", c.Mode, mode)
	}
	c.Mode = cmp.Or(c.Mode, mode)
	if c.Mode == "" {
		return Client{}, errors.New("the stack has no output Mode; name the pool's mode by --mode: password or passwordless")
	}
	return c, c.validate()
}

func fromReadyFile(data []byte, stack string) (Client, error) {
	var ready struct {
		Client
		Stack     string `json:"stack"`
		SignInURL string `json:"signInUrl"`
	}
	if err := json.Unmarshal(data, &ready); err != nil {
		return Client{}, fmt.Errorf("the sandbox's ready file: %w", err)
	}
	if stack != "" && stack != ready.Stack {
		return Client{}, fmt.Errorf("the sandbox runs the stack %s, not %s", ready.Stack, stack)
	}
	ready.Client.SignInURL = ready.SignInURL
	return ready.Client, nil
}

// The names of the outputs in a stack.
const (
	outputUserPoolID       = "UserPoolId"
	outputUserPoolClientID = "UserPoolClientId"
	outputMode             = "Mode"
	outputRememberDevices  = "RememberDevices"
	outputRecovery         = "PasswordRecovery"
	outputSupportAddress   = "SupportAddress"
	outputSignInURL        = "SignInUrl"
	outputClientID         = "ClientId" // then the client's name
)

// Page has the outputs of a stack with a sign-in page that apps redirect to.
type Page struct {
	// URL is the page's address.
	URL string
	// Clients are the ids of the stack's further clients, by their names in cdk.json.
	Clients map[string]string
}

// ReadPage reads the file that `cdk deploy --outputs-file` writes. Stack is that of [Read].
func ReadPage(data []byte, stack string) (Page, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		return Page{}, fmt.Errorf("not the outputs of a deployment: %w", err)
	}
	stack, values, err := choose(top, stack)
	if err != nil {
		return Page{}, err
	}
	p := Page{URL: values[outputSignInURL], Clients: map[string]string{}}
	if p.URL == "" {
		return Page{}, fmt.Errorf("the stack %s lacks the output %s; it has: %s", stack, outputSignInURL,
			list(slices.Sorted(maps.Keys(values))))
	}
	for name, value := range values {
		if client, ok := strings.CutPrefix(name, outputClientID); ok && client != "" {
			p.Clients[client] = value
		}
	}
	return p, nil
}

// choose returns the outputs of a stack, or of the only one that has an EmailOTP's.
func choose(top map[string]json.RawMessage, stack string) (string, map[string]string, error) {
	stacks := map[string]map[string]string{}
	for name, raw := range top {
		var values map[string]string
		if err := json.Unmarshal(raw, &values); err != nil {
			return "", nil, fmt.Errorf("the outputs of %s are not an object of texts, "+
				"as `cdk deploy --outputs-file` writes them: %w", name, err)
		}
		stacks[name] = values
	}
	names := slices.Sorted(maps.Keys(stacks))
	if stack == "" {
		with := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return stacks[name][outputUserPoolClientID] == ""
		})
		switch len(with) {
		case 0:
			return "", nil, fmt.Errorf("no stack in the file has the outputs of an EmailOTP (%s, %s); its stacks: %s",
				outputUserPoolID, outputUserPoolClientID, list(names))
		case 1:
			stack = with[0]
		default:
			return "", nil, fmt.Errorf("several stacks have the outputs of an EmailOTP; choose one by --stack: %s", list(with))
		}
	}
	values, ok := stacks[stack]
	if !ok {
		return "", nil, fmt.Errorf("the file has no stack %s; its stacks: %s", stack, list(names))
	}
	return stack, values, nil
}

func fromDeployment(top map[string]json.RawMessage, stack string) (Client, error) {
	stack, values, err := choose(top, stack)
	if err != nil {
		return Client{}, err
	}
	c := Client{UserPoolID: values[outputUserPoolID], UserPoolClientID: values[outputUserPoolClientID],
		Mode: values[outputMode], SignInURL: values[outputSignInURL], Recovery: values[outputRecovery],
		SupportAddress: values[outputSupportAddress]}
	if days := values[outputRememberDevices]; days != "" {
		var err error
		if c.RememberDevices, err = strconv.Atoi(days); err != nil {
			return Client{}, fmt.Errorf("the output %s of stack %s must be a number of days (received: %q)",
				outputRememberDevices, stack, days)
		}
	}
	var missing []string
	for _, name := range []string{outputUserPoolID, outputUserPoolClientID} {
		if values[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return Client{}, fmt.Errorf("the stack %s lacks the outputs %s; it has: %s",
			stack, strings.Join(missing, ", "), list(slices.Sorted(maps.Keys(values))))
	}
	c.Region, _, _ = strings.Cut(c.UserPoolID, "_")
	return c, nil
}

func list(names []string) string { return cmp.Or(strings.Join(names, ", "), "none") }

// The patterns are those of Cognito's API model.
var (
	poolID   = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)
	clientID = regexp.MustCompile(`^[\w+]+$`)
	region   = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d+$`)
	endpoint = regexp.MustCompile(`^https?://[\w.:\[\]-]+/?$`)
	address  = regexp.MustCompile(`^([!-?A-~]+@[\w.-]+)?$`)
)

// validate refuses values that a shell or a page could read as something else.
func (c Client) validate() error {
	var errs []error
	check := func(name, value string, ok bool, form string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s must be %s (received: %q)", name, form, value))
		}
	}
	check("the region", c.Region, region.MatchString(c.Region), "one of AWS, such as eu-west-1")
	check("the user pool's id", c.UserPoolID, poolID.MatchString(c.UserPoolID), "of the form eu-west-1_Ab3dEf9Gh")
	check("the client's id", c.UserPoolClientID, clientID.MatchString(c.UserPoolClientID), "letters and digits")
	check("the mode", c.Mode, c.Mode == "password" || c.Mode == "passwordless", "password or passwordless")
	check("the number of days for which a device is remembered", strconv.Itoa(c.RememberDevices),
		c.RememberDevices >= 0 && c.RememberDevices <= settings.MaxRememberDevices,
		fmt.Sprintf("0 to %d", settings.MaxRememberDevices))
	check("the recovery", c.Recovery, c.Recovery == "" || c.Recovery == "email", "email, or left out")
	check("the support address", c.SupportAddress, address.MatchString(c.SupportAddress), "an e-mail address, or left out")
	check("the endpoint", c.Endpoint, c.Endpoint == "" || endpoint.MatchString(c.Endpoint), "an http or https origin")
	return errors.Join(errs...)
}
