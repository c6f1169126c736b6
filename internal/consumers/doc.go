// Package consumers tests the construct in the apps of adopters: imported from a module proxy, by a
// replace, a workspace or a vendor directory, from paths with spaces, built beforehand and run in a
// hostile environment. The functions must always be the same bytes as in a checkout. An error must
// be one sentence, without Docker and without a stack trace of Node.
//
// The settings that differ most run with the other tests. EMAILOTP_CONSUMERS=all runs all of them,
// which compiles the CDK three more times.
package consumers
