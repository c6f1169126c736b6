// Command emailotp runs, on one machine and without an AWS account, the sign-in that an EmailOTP
// construct deploys, and signs in to it:
//
//	emailotp dev                                  start the sandbox
//	emailotp sign-in --user user@example.com      sign in to it
//	emailotp change-address                       change the address of an account
//	emailotp code --wait                          print the mailed code
//	emailotp outputs                              print the settings of clients
//	emailotp lambdas                              write the functions as zips
//
// `emailotp help COMMAND` explains each, and `emailotp completion SHELL` prints what a shell needs
// to complete them. The exit codes are 0 for success, 1 for an error, 2 for a wrong use of the
// command line, 3 for a sign-in that was refused, 4 for a user pool that does not answer, and 130
// after Ctrl-C.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(mainCode()) }

// mainCode returns the exit code, so that deferred calls run before os.Exit.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The first signal ends the command in order; a second one ends it at once.
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
}
