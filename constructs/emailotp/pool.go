package emailotp

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
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
	if p.FeaturePlan == "" {
		// Unset, new pools get the Essentials plan, at nearly three times the price.
		p.FeaturePlan = awscognito.FeaturePlan_LITE
	}
	if p.PasswordPolicy == nil {
		p.PasswordPolicy = &awscognito.PasswordPolicy{
			MinLength:            jsii.Number(DefaultPasswordLength),
			RequireDigits:        jsii.Bool(true),
			RequireLowercase:     jsii.Bool(true),
			RequireSymbols:       jsii.Bool(true),
			RequireUppercase:     jsii.Bool(true),
			TempPasswordValidity: awscdk.Duration_Days(jsii.Number(7)),
		}
	}
	protected := propread.Flag(p.DeletionProtection, c.retain())
	e.pool = awscognito.NewUserPool(e, jsii.String("UserPool"), &awscognito.UserPoolProps{
		UserPoolName:        p.UserPoolName,
		FeaturePlan:         p.FeaturePlan,
		SignInAliases:       &awscognito.SignInAliases{Email: jsii.Bool(true)},
		SignInCaseSensitive: jsii.Bool(false),
		AutoVerify:          &awscognito.AutoVerifiedAttrs{Email: jsii.Bool(true)},
		KeepOriginal:        &awscognito.KeepOriginalAttrs{Email: jsii.Bool(true)},
		// Native MFA would put challenges of its own between the password and the code.
		Mfa: awscognito.Mfa_OFF,
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
	return awscognito.NewUserPoolClient(e, &id, &awscognito.UserPoolClientProps{
		UserPool:           e.pool,
		UserPoolClientName: p.UserPoolClientName,
		// An empty list would be Cognito's default, which has SRP and with it a sign-in without
		// code.
		AuthFlows:                       &awscognito.AuthFlow{Custom: jsii.Bool(true)},
		DisableOAuth:                    jsii.Bool(true),
		PreventUserExistenceErrors:      jsii.Bool(true),
		EnableTokenRevocation:           jsii.Bool(true),
		AuthSessionValidity:             awscdk.Duration_Minutes(jsii.Number(e.config.sessionMinutes())),
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
	return awscognito.NewClientAttributes().WithStandardAttributes(writable(e.config.clientsMayChangeEmail))
}

// sessionMinutes is how long Cognito keeps a round of the sign-in open: two minutes more than the
// code lives. A client that answers late then learns that the code has expired, and can request
// another one in the same sign-in. Cognito accepts 3 to 15 minutes.
func (c *config) sessionMinutes() int {
	whole := int((c.settings.CodeTTL + time.Minute - 1) / time.Minute)
	return min(max(whole+2, 3), 15)
}

// writable lists the standard attributes that clients may write, email among them only on request.
// Cognito refuses the flags such as email_verified.
func writable(email bool) *awscognito.StandardAttributesMask {
	yes := jsii.Bool(true)
	return &awscognito.StandardAttributesMask{
		Email: jsii.Bool(email), Address: yes, Birthdate: yes, FamilyName: yes, Fullname: yes, Gender: yes, GivenName: yes,
		LastUpdateTime: yes, Locale: yes, MiddleName: yes, Nickname: yes, PhoneNumber: yes, PreferredUsername: yes,
		ProfilePage: yes, ProfilePicture: yes, Timezone: yes, Website: yes,
	}
}

func (e *emailOTP) passwordless() bool { return e.config.settings.Mode == ModePasswordless }
