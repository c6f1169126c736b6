package emailotp

import "github.com/cognito-emailotp/cdk-emailotp/internal/settings"

// Environments returns the environment of each of the mode's functions and the content of
// mail.json, which is nil for none, as [NewEmailOTP] makes them of the props. Deployment fills in
// the rest.
func Environments(p *EmailOTPProps) (map[settings.Function]map[string]string, []byte, error) {
	if err := p.Validate(); err != nil {
		return nil, nil, err
	}
	c, _ := resolve(p)
	c.settings.KeyARN, c.settings.TableName, c.settings.UserPoolID = "key", "table", "eu-west-1_Example01"
	environments := make(map[settings.Function]map[string]string)
	for _, f := range settings.Functions(p.Mode) {
		environments[f] = c.settings.Environment(f)
	}
	return environments, c.mailFile, nil
}
