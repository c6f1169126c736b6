//go:build !unix

package npm

import "context"

// lock does nothing here: the rename that ends an installation lets one of two win, and the other
// finds the winner's directory.
func lock(context.Context, string) (unlock func(), err error) { return func() {}, nil }
