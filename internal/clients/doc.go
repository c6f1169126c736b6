// Package clients holds the tests in which real clients judge the whole: the sign-in page in a real
// Chromium, Amplify and amazon-cognito-identity-js in Node, aws-jwt-verify on the tokens and the AWS
// CLI, all against a sandbox that runs the app's own cloud assembly with the binaries in it.
//
// A test whose client this machine lacks is skipped and says what is missing; with CI=true it fails.
//
// EMAILOTP_ASSEMBLIES names a directory with assemblies made before, in the directories password and
// passwordless; without it the tests synthesise them.
//
// EMAILOTP_SCREENSHOTS names a directory, and then every screen is put there as a picture, light and
// dark, for a phone and for a desktop.
package clients
