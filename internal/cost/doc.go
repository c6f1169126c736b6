// Package cost estimates what a pool's sign-ins cost a month: with EmailOTP on Cognito's Lite plan, and
// with Cognito's own e-mail codes on the plans that have them.
//
// The arithmetic is quantity times price, and both are on the table: [Prices] is the one list of
// prices, each with its date and source, and [PerSignIn] the one list of calls that a sign-in makes. A
// price that no source was found for is not guessed: its item has a quantity and no amount, and
// stays out of the total until somebody sets it.
package cost
