// Package readyfile claims the file that a running sandbox announces itself by, and requests what
// that sandbox serves.
package readyfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Taken is the error of a ready file that is not free.
type Taken struct{ Sentence, Remedy string }

func (t *Taken) Error() string { return t.Sentence }

// Claim reports an error if the file is not free: the file of a running sandbox, or one
// that `emailotp dev` didn't write. The file of a sandbox that died is free, by what answers at its
// port: process ids and ports are given out again.
func Claim(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("the ready file %s is a directory; name a file by --ready-file", path)
	}
	running, err := sandbox.ReadReadyFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &Taken{fmt.Sprintf("%s is there and was not written by `emailotp dev`", path),
			"remove it, or name another file by --ready-file"}
	case !runs(ctx, running):
		return nil
	}
	return &Taken{fmt.Sprintf("a sandbox (%s, stack %s) runs already at %s, by its ready file %s",
		running.Mode, running.Stack, running.Endpoint, path),
		"stop that one by Ctrl-C, or start a second one with --port 0 --ready-file FILE"}
}

// runs reports whether the sandbox of a ready file runs: its endpoint has the keys of its user
// pool.
func runs(ctx context.Context, sb sandbox.Config) bool {
	address, err := url.JoinPath(sb.Endpoint, sb.UserPoolID, ".well-known", "jwks.json")
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var set map[string]json.RawMessage
	return GetJSON(ctx, address, &set) == nil && set["keys"] != nil
}

// local is a client for this machine's own ports: without a proxy, and without redirects.
var local = http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// GetJSON reads JSON of at most 16 MiB from a sandbox.
func GetJSON(ctx context.Context, address string, v any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := local.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: HTTP status %s", address, response.Status)
	}
	return json.NewDecoder(io.LimitReader(response.Body, 16<<20)).Decode(v)
}

// Drop removes the file if its content is still written.
func Drop(path string, written sandbox.Config) {
	if found, err := sandbox.ReadReadyFile(path); err == nil && reflect.DeepEqual(found, written) {
		_ = os.Remove(path)
	}
}
