// Package userpool emulates one Amazon Cognito user pool: its JSON API, its
// users, its Lambda triggers and its tokens.
//
// A [Pool] is an http.Handler. It answers the operations that a sign-in, a
// sign-up and their administration need, in the words the real service uses,
// and says "not emulated" (HTTP 501) to every other one. The triggers run
// behind the [Invoker] interface, the mails that Cognito itself would send leave
// through [Mailer].
//
// Three rules run through the package. A trigger's failure is an HTTP 400,
// never a 5xx, because clients repeat a 5xx and each repetition would mail
// another code. No lock is held while a trigger runs. And where it is not known
// what a live pool does, the comment says so and the emulation takes the choice
// that is hardest on the triggers.
package userpool
