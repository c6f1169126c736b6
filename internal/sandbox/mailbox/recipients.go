package mailbox

import "strings"

// checkedRecipients are the recipients that an account in the SES sandbox checks: all but those at
// the mailbox simulator. An account with production access checks none.
func (s *Service) checkedRecipients(m *outgoing) (checked []string) {
	for _, to := range m.recipients {
		if _, domain, _ := strings.Cut(strings.ToLower(to), "@"); s.cfg.InSandbox && domain != simulator {
			checked = append(checked, to)
		}
	}
	return checked
}

// recipientResources are the identities of recipients on which a caller needs the right to send. An
// account in the SES sandbox demands it, so that a role that names the sender's identity alone
// reaches no recipient.
func (s *Service) recipientResources(m *outgoing) (arns []string) {
	for _, to := range s.checkedRecipients(m) {
		arn := s.cfg.IdentityARN(to)
		if identity, verified := s.identityOf(to, ""); verified {
			arn = identity.ARN
		}
		arns = append(arns, arn)
	}
	return arns
}

// unverifiedRecipients are the recipients without a verified identity that an account in the SES
// sandbox refuses.
func (s *Service) unverifiedRecipients(m *outgoing) (unverified []string) {
	for _, to := range s.checkedRecipients(m) {
		if _, verified := s.identityOf(to, ""); !verified {
			unverified = append(unverified, to)
		}
	}
	return unverified
}

// IdentityARN is the ARN of an identity of the account, whether it exists or not.
func (c Config) IdentityARN(name string) string {
	return "arn:" + c.Partition + ":ses:" + c.Region + ":" + c.Account + ":identity/" + name
}
