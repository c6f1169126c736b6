// Package cost estimates the monthly costs of a pool's sign-ins: with EmailOTP on Cognito's Lite
// plan, and with Cognito's own e-mail codes on the plans that have them.
//
// Every amount is quantity times price. [Prices] is the one list of prices, each with its date and
// source, and [PerSignIn] the one list of calls that a sign-in makes. A price without a source is
// not guessed: its item has a quantity and no amount, and the total leaves it out until the caller
// sets a price.
package cost
