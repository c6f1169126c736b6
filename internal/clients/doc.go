// Package clients holds the tests of real clients: the sign-in page in a real Chromium, Amplify and
// amazon-cognito-identity-js in Node, aws-jwt-verify on the tokens and the AWS CLI, all against a
// sandbox that runs the app's own cloud assembly with its binaries. Where time must pass, the same
// functions run in the test's process by a clock that the test moves.
//
// EMAILOTP_SCREENSHOTS names a directory for a picture of every screen, light and dark, for a phone
// and for a desktop.
package clients
