package testkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// FetchJSON decodes the answer to a GET request into v.
func FetchJSON(ctx context.Context, address string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}

// Mail is a message of the inbox's API, as far as tests read it.
type Mail struct {
	ID, To, From, Subject, Text, HTML string
	SentAt                            time.Time
}

// Mails reads the mails to an address from the inbox's API, newest first.
func Mails(ctx context.Context, inboxURL, to string, since time.Time) (all []Mail, err error) {
	query := url.Values{"to": {to}}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	err = FetchJSON(ctx, inboxURL+"/api/messages?"+query.Encode(), &all)
	return all, err
}

// WaitForCode waits for a mail to an address that was sent after since, and returns its code.
func WaitForCode(ctx context.Context, inboxURL, to string, since time.Time) (code string, err error) {
	err = Within(Patience, func() error {
		if ctx.Err() != nil {
			return nil
		}
		all, err := Mails(ctx, inboxURL, to, since)
		if err == nil && len(all) == 0 {
			err = errors.New("no mail to " + to)
		}
		if err == nil {
			code, err = Code(all[0].Text)
		}
		return err
	})
	return code, errors.Join(err, ctx.Err())
}

// marks are the marks of direction that right-to-left languages put around a code.
var marks = strings.NewReplacer("\u2066", "", "\u2068", "", "\u2069", "", "\u200e", "")

// codeLine is the line of a mail that has only the code, in groups of four digits.
var codeLine = regexp.MustCompile(`(?m)^[ \t]*(\d[\d ]{4,30}\d)[ \t\r]*$`)

// Code returns the code in the text of a mail as the mail shows it: digits in groups.
func Code(text string) (string, error) {
	m := codeLine.FindStringSubmatch(marks.Replace(text))
	if m == nil {
		return "", errors.New("no code in the mail:\n" + text)
	}
	return m[1], nil
}

// Digits returns a code without the spaces between its groups.
func Digits(code string) string { return strings.ReplaceAll(code, " ", "") }

// Wrong returns another code of the same form.
func Wrong(code string) string {
	last := len(code) - 1
	return code[:last] + string('0'+(code[last]-'0'+1)%10)
}
