package main

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
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// claimReadyFile sees whether the file may be written. That of a sandbox which
// runs is another's; that of one which died, or a file that can't be read, is
// replaced in the end. Whether one runs is judged by what answers at its port:
// process ids and ports are given out again.
func claimReadyFile(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("the ready file %s is a directory; name a file by --ready-file", path)
	}
	running, err := sandbox.ReadReadyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return hint(fmt.Errorf("%s is there and was not written by `emailotp dev`", path), "remove it, or name another file by --ready-file")
	}
	if !runs(ctx, running) {
		return nil
	}
	return hint(fmt.Errorf("a sandbox (%s, stack %s) runs already at %s, as %s says", running.Mode, running.Stack, running.Endpoint, path),
		"stop that one by Ctrl-C, or start a second one with --port 0 --ready-file FILE")
}

// runs reports whether the sandbox of a ready file is there: something at its
// endpoint has the keys of its user pool.
func runs(ctx context.Context, sb sandbox.Config) bool {
	address, err := url.JoinPath(sb.Endpoint, sb.UserPoolID, ".well-known", "jwks.json")
	if err != nil {
		return false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	client := http.Client{
		Timeout:       time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true}, // and no proxy: the port is this machine's
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var set map[string]json.RawMessage
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&set)
	return err == nil && response.StatusCode == http.StatusOK && set["keys"] != nil
}

// dropReadyFile removes the file if it is still the one that was written.
func dropReadyFile(path string, written sandbox.Config) {
	if found, err := sandbox.ReadReadyFile(path); err == nil && found == written {
		_ = os.Remove(path)
	}
}
