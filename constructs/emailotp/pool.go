package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// DefaultPasswordLength is the shortest password, in characters, of a pool that is created without
// a PasswordPolicy. NIST SP 800-63B-4 requires 15 where a password is the only factor and 8 beside
// another.
const DefaultPasswordLength = 12

// addUserPool creates the pool, unless one is given.
func (e *emailOTP) addUserPool() {
	c := &e.config
	if c.pool != nil {
		e.pool = c.pool
		// The deployment checks the prop for an imported pool.
		c.settings.CaseSensitiveNames = c.caseSensitive
		if !c.imported {
			c.settings.CaseSensitiveNames = e.tree().IsCaseSensitive()
		}
		return
	}
	p := c.poolProps
	protected := propread.Flag(p.DeletionProtection, c.retain())
	e.pool = userpool.New(e, DefaultPasswordLength, &awscognito.UserPoolProps{
		UserPoolName: p.UserPoolName,
		FeaturePlan:  p.FeaturePlan,
		// Recovery by e-mail lets the mailbox alone replace the password.
		AccountRecovery:    c.accountRecovery(),
		SelfSignUpEnabled:  jsii.Bool(propread.Flag(p.SelfSignUpEnabled, e.passwordless())),
		PasswordPolicy:     p.PasswordPolicy,
		StandardAttributes: p.StandardAttributes,
		CustomAttributes:   p.CustomAttributes,
		Email:              p.Email,
		UserInvitation:     p.UserInvitation,
		UserVerification:   p.UserVerification,
		DeletionProtection: jsii.Bool(protected),
		RemovalPolicy:      c.removalPolicy(protected),
	})
}

// addUserPoolClient creates the construct's own client, which signs in by e-mail code.
func (e *emailOTP) addUserPoolClient() {
	e.client = e.newClient("UserPoolClient", e.config.clientProps)
	resource := e.client.Node().DefaultChild().(awscognito.CfnUserPoolClient)
	resource.AddMetadata(jsii.String(contract.MetadataClient), string(e.config.settings.Mode))
}

// newClient creates an app client that allows custom authentication and refresh, nothing else.
func (e *emailOTP) newClient(id string, p UserPoolClientProps) awscognito.UserPoolClient {
	return userpool.NewClient(e, id, e.config.settings.CodeTTL, &awscognito.UserPoolClientProps{
		UserPool:                        e.pool,
		UserPoolClientName:              p.UserPoolClientName,
		GenerateSecret:                  jsii.Bool(propread.Flag(p.GenerateSecret, false)),
		AccessTokenValidity:             p.AccessTokenValidity,
		IdTokenValidity:                 p.IdTokenValidity,
		RefreshTokenValidity:            p.RefreshTokenValidity,
		RefreshTokenRotationGracePeriod: p.RefreshTokenRotationGracePeriod,
		ReadAttributes:                  p.ReadAttributes,
		WriteAttributes:                 e.writeAttributes(p),
	})
}

// writeAttributes returns the attributes that a client may write.
func (e *emailOTP) writeAttributes(p UserPoolClientProps) awscognito.ClientAttributes {
	if p.WriteAttributes != nil {
		return p.WriteAttributes
	}
	return awscognito.NewClientAttributes().WithStandardAttributes(userpool.Writable(e.config.clientsMayChangeEmail))
}

func (e *emailOTP) passwordless() bool { return e.config.settings.Mode == ModePasswordless }
