// Package userpool emulates one Amazon Cognito user pool: its JSON API, its users, its Lambda
// triggers and its tokens.
//
// A [Pool] is an http.Handler. It answers the operations of a sign-in, a sign-up and their
// administration in Cognito's own words, and every other one with HTTP 501. An [Invoker] runs the
// triggers; a [Mailer] receives the mails that Cognito itself sends. The packages below hold the
// state: config, users, tokens, session and triggers.
//
// Three rules hold in all of them. The failure of a trigger is an HTTP 400, never a 5xx: clients
// repeat a 5xx, and each repetition would mail another code. No lock is held while a trigger runs.
// Where the behaviour of a live pool is not established, a comment notes it, and the emulation does
// what is hardest for the triggers.
package userpool
