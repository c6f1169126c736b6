// Package e2e signs in as clients do, against the sandbox that runs the binaries of an assembly
// which the pinned CLI synthesised from this repository's app. It holds tests alone.
package e2e
