package mailbox

// EnterSandbox puts the account into the SES sandbox, with further verified identities.
func (s *Service) EnterSandbox(identities ...string) {
	s.cfg.InSandbox = true
	for _, name := range identities {
		s.cfg.Identities = append(s.cfg.Identities, Identity{Name: name, ARN: s.cfg.IdentityARN(name)})
	}
}
