// Package consumers tests the construct in other people's apps: imported from a module proxy, by a
// replace, a workspace or a vendor directory, from paths with spaces, built beforehand and run in a
// hostile environment. In every setting the functions must come out as the same bytes as in a
// checkout, and whatever goes wrong must be said in one sentence, without Docker and without a
// stack trace of Node.
//
// The settings that differ most run with the other tests. EMAILOTP_CONSUMERS=all runs all of them,
// which compiles the CDK three more times.
package consumers
