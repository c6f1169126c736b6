package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// claimReadyFile sees whether the file may be written. That of a sandbox which
// runs is another's; that of one which died, or a file that can't be read, is
// replaced in the end. Whether one runs is judged by its port: process ids are
// given out again.
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
	if !answers(ctx, running.Endpoint) {
		return nil
	}
	return hint(fmt.Errorf("a sandbox (%s, stack %s) runs already at %s, as %s says", running.Mode, running.Stack, running.Endpoint, path),
		"stop that one by Ctrl-C, or start a second one with --port 0 --ready-file FILE")
}

// answers reports whether somebody listens at a URL.
func answers(ctx context.Context, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// dropReadyFile removes the file if it is still the one that was written.
func dropReadyFile(path string, written sandbox.Config) {
	if found, err := sandbox.ReadReadyFile(path); err == nil && found == written {
		_ = os.Remove(path)
	}
}
