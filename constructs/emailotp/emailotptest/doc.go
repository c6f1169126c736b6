// Package emailotptest has snapshot tests for stacks with an EmailOTP. The construct's own tests
// use it, and apps that import the construct can use it too.
//
//	func TestMain(m *testing.M) { emailotptest.Main(m) }
//
//	func TestTemplate(t *testing.T) {
//		app := emailotptest.App(t, nil)
//		stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
//		emailotp.NewEmailOTP(stack, jsii.String("SignIn"), props)
//		emailotptest.Snapshot(t, stack, "testdata/prod.golden.json")
//	}
//
// `EMAILOTP_UPDATE=1 go test` writes the golden file. Functions aren't built for the test, and the
// hashes in the template are masked, so the file is the same on every machine and changes only when
// the stack does.
package emailotptest
