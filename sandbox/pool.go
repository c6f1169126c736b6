package sandbox

// SelfSignUp reports whether people may sign up by themselves.
func (s *Sandbox) SelfSignUp() bool { return !s.plan.Pool.AdminCreateUserOnly }

// MinimumPasswordLength is the pool's shortest password, in characters.
func (s *Sandbox) MinimumPasswordLength() int { return s.plan.Pool.PasswordPolicy.MinimumLength }
