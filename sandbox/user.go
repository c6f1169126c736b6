package sandbox

// User is a person to create in the pool.
type User struct {
	// Email is the address and, in a pool with e-mail sign-in, the user name.
	Email string
	// Password is the permanent password, or the temporary one with Temporary.
	// Empty gives the user none that anybody knows.
	Password string
	// Temporary makes the user change Password at the first sign-in.
	Temporary bool
	// Unverified leaves email_verified false.
	Unverified bool
	// Unconfirmed leaves the user as SignUp without confirmation does.
	Unconfirmed bool
	// Attributes are further attributes, such as "locale" or "custom:team".
	Attributes map[string]string
}

// UserState is a user as the pool has it.
type UserState struct {
	// Username is the internal name, equal to Sub in a pool with e-mail sign-in.
	Username string
	// Sub is the user's unchanging id.
	Sub string
	// Attributes as AdminGetUser would list them, sub included.
	Attributes map[string]string
	Enabled    bool
	// Status is Cognito's UserStatus, such as "CONFIRMED".
	Status string
}
