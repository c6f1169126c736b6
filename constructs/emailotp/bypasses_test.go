//go:build !race

package emailotp_test

import (
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

var custom = &awscognito.AuthFlow{Custom: jsii.Bool(true)}

// closed returns client options without a bypass.
func closed() *awscognito.UserPoolClientOptions {
	return &awscognito.UserPoolClientOptions{
		AuthFlows: custom, DisableOAuth: jsii.Bool(true),
		WriteAttributes: attributes(awscognito.StandardAttributesMask{Locale: jsii.Bool(true)}),
	}
}

func attributes(mask awscognito.StandardAttributesMask) awscognito.ClientAttributes {
	return awscognito.NewClientAttributes().WithStandardAttributes(&mask)
}

// ownPool returns a pool that an EmailOTP can be attached to.
func ownPool(stack awscdk.Stack, change func(*awscognito.UserPoolProps)) awscognito.UserPool {
	props := &awscognito.UserPoolProps{
		SignInAliases:   &awscognito.SignInAliases{Email: jsii.Bool(true)},
		AccountRecovery: awscognito.AccountRecovery_NONE,
	}
	if change != nil {
		change(props)
	}
	return awscognito.NewUserPool(stack, jsii.String("Pool"), props)
}

func TestEveryBypassOfAnotherClientFailsSynthesisInEitherOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*awscognito.UserPoolClientOptions)
		kind    emailotp.BypassKind
		problem string
	}{
		{"SRP", func(o *awscognito.UserPoolClientOptions) {
			o.AuthFlows = &awscognito.AuthFlow{Custom: jsii.Bool(true), UserSrp: jsii.Bool(true)}
		}, emailotp.BypassUserSrpAuth, "app client Prod/Legacy allows ALLOW_USER_SRP_AUTH on user pool Prod/SignIn/UserPool, so a password alone signs in there; use AuthFlow{Custom: true}, or a pool of its own"},
		{"USER_PASSWORD", func(o *awscognito.UserPoolClientOptions) {
			o.AuthFlows = &awscognito.AuthFlow{UserPassword: jsii.Bool(true)}
		}, emailotp.BypassUserPasswordAuth, "allows ALLOW_USER_PASSWORD_AUTH"},
		{"ADMIN_USER_PASSWORD", func(o *awscognito.UserPoolClientOptions) {
			o.AuthFlows = &awscognito.AuthFlow{AdminUserPassword: jsii.Bool(true)}
		}, emailotp.BypassAdminUserPasswordAuth, "allows ALLOW_ADMIN_USER_PASSWORD_AUTH"},
		{"USER_AUTH", func(o *awscognito.UserPoolClientOptions) { o.AuthFlows = &awscognito.AuthFlow{User: jsii.Bool(true)} },
			emailotp.BypassUserAuth, "allows ALLOW_USER_AUTH"},
		{"no flows, Cognito's default", func(o *awscognito.UserPoolClientOptions) { o.AuthFlows = nil },
			emailotp.BypassUserSrpAuth, "leaves its flows to Cognito's default"},
		{"empty flows", func(o *awscognito.UserPoolClientOptions) { o.AuthFlows = &awscognito.AuthFlow{} },
			emailotp.BypassUserSrpAuth, "leaves its flows to Cognito's default"},
		{"hosted UI by default", func(o *awscognito.UserPoolClientOptions) { o.DisableOAuth = nil },
			emailotp.BypassHostedUI, "allows OAuth grants (implicit, code)"},
		{"hosted UI by code", func(o *awscognito.UserPoolClientOptions) {
			o.DisableOAuth = nil
			o.OAuth = &awscognito.OAuthSettings{Flows: &awscognito.OAuthFlows{AuthorizationCodeGrant: jsii.Bool(true)}}
		}, emailotp.BypassHostedUI, "allows OAuth grants (code)"},
		{"email writable by default", func(o *awscognito.UserPoolClientOptions) { o.WriteAttributes = nil },
			emailotp.BypassWriteEmail, "may write every attribute"},
		{"email writable", func(o *awscognito.UserPoolClientOptions) {
			o.WriteAttributes = attributes(awscognito.StandardAttributesMask{Email: jsii.Bool(true)})
		}, emailotp.BypassWriteEmail, "may write the attribute email"},
	} {
		options := closed()
		c.change(options)
		add := func(stack awscdk.Stack, pool awscognito.IUserPool) {
			awscognito.NewUserPoolClient(stack, jsii.String("Legacy"), &awscognito.UserPoolClientProps{UserPool: pool,
				AuthFlows: options.AuthFlows, DisableOAuth: options.DisableOAuth, OAuth: options.OAuth,
				WriteAttributes: options.WriteAttributes})
		}
		t.Run(c.name+", client last", func(t *testing.T) {
			stack := newStack(t)
			add(stack, signIn(stack, valid(emailotp.ModePassword)).UserPool())
			words := synthesised(stack)
			contains(t, words, "[Prod/SignIn] app client Prod/Legacy ", c.problem,
				`{Kind: "`+string(c.kind)+`", Path: "Prod/Legacy"}`)
		})
		t.Run(c.name+", client first", func(t *testing.T) {
			stack := newStack(t)
			pool := ownPool(stack, nil)
			add(stack, pool)
			props := valid(emailotp.ModePasswordless)
			props.UserPool = pool
			signIn(stack, props)
			contains(t, synthesised(stack), `{Kind: "`+string(c.kind)+`", Path: "Prod/Legacy"}`)
		})
	}
}

func TestAClientThatCognitoWouldRefuseFailsSynthesis(t *testing.T) {
	required := func(attributes awscognito.StandardAttributes) func(*awscognito.UserPoolProps) {
		return func(p *awscognito.UserPoolProps) { p.StandardAttributes = &attributes }
	}
	must := &awscognito.StandardAttribute{Required: jsii.Bool(true), Mutable: jsii.Bool(true)}
	locale := attributes(awscognito.StandardAttributesMask{Locale: jsii.Bool(true)})
	for _, c := range []struct {
		name     string
		pool     func(*awscognito.UserPoolProps)
		change   func(*emailotp.EmailOTPProps)
		problems []string // none: accepted
	}{
		{"the pool requires email", required(awscognito.StandardAttributes{Email: must}), func(*emailotp.EmailOTPProps) {},
			[]string{"[Prod/SignIn] app client Prod/SignIn/UserPoolClient may not write the attribute email, which user pool Prod/Pool requires",
				"Invalid write attributes specified while creating a client", "ClientsMayChangeEmail"}},
		{"the pool requires email, and clients may write it", required(awscognito.StandardAttributes{Email: must}),
			func(p *emailotp.EmailOTPProps) { p.ClientsMayChangeEmail = jsii.Bool(true) }, nil},
		{"the pool requires a name that the client may not write", required(awscognito.StandardAttributes{Fullname: must}),
			func(p *emailotp.EmailOTPProps) {
				p.UserPoolClientProps = &emailotp.UserPoolClientProps{WriteAttributes: locale}
			},
			[]string{"may not write the attribute name, which user pool Prod/Pool requires", "add name to its WriteAttributes"}},
		{"the pool requires a name", required(awscognito.StandardAttributes{Fullname: must}),
			func(*emailotp.EmailOTPProps) {}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := newStack(t)
			props := valid(emailotp.ModePasswordless)
			props.UserPool = ownPool(stack, c.pool)
			c.change(props)
			signIn(stack, props)
			words := synthesised(stack)
			if (words == "") != (c.problems == nil) {
				t.Errorf("refused: %q", words)
			}
			contains(t, words, c.problems...)
		})
	}
}

// opener is an aspect that opens a client after it was made.
type opener struct{}

func (*opener) Visit(node constructs.IConstruct) {
	if client, ok := node.(awscognito.CfnUserPoolClient); ok {
		client.SetExplicitAuthFlows(jsii.Strings("ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"))
	}
}

func TestAnAspectThatOpensTheOwnClientIsRefused(t *testing.T) {
	stack := newStack(t)
	signIn(stack, valid(emailotp.ModePassword))
	awscdk.Aspects_Of(stack).Add(&opener{}, nil)
	contains(t, synthesised(stack), "app client Prod/SignIn/UserPoolClient allows ALLOW_USER_SRP_AUTH")
}

func TestClientsOfOtherPoolsAndClientsForMachinesAreNoBypasses(t *testing.T) {
	stack := newStack(t)
	pool := signIn(stack, valid(emailotp.ModePassword)).UserPool()
	awscognito.NewUserPool(stack, jsii.String("Staff"), nil).AddClient(jsii.String("Web"), nil)
	server := pool.AddResourceServer(jsii.String("Server"),
		&awscognito.UserPoolResourceServerOptions{Identifier: jsii.String("api"),
			Scopes: &[]awscognito.ResourceServerScope{awscognito.NewResourceServerScope(
				&awscognito.ResourceServerScopeProps{ScopeName: jsii.String("read"), ScopeDescription: jsii.String("read")})}})
	_ = server
	machine := closed()
	machine.DisableOAuth, machine.GenerateSecret = nil, jsii.Bool(true)
	machine.OAuth = &awscognito.OAuthSettings{Flows: &awscognito.OAuthFlows{ClientCredentials: jsii.Bool(true)},
		Scopes: &[]awscognito.OAuthScope{awscognito.OAuthScope_Custom(jsii.String("api/read"))}}
	pool.AddClient(jsii.String("Machine"), machine)
	pool.AddClient(jsii.String("Second"), closed())
	if words := synthesised(stack); words != "" {
		t.Errorf("refused: %s", words)
	}
}

func TestThePoolsOwnBypassesFailSynthesis(t *testing.T) {
	mfa := func(mode awscognito.Mfa) func(*awscognito.UserPoolProps) {
		return func(p *awscognito.UserPoolProps) {
			p.Mfa, p.MfaSecondFactor = mode, &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)}
		}
	}
	for _, c := range []struct {
		name    string
		mode    emailotp.Mode
		change  func(*awscognito.UserPoolProps)
		problem string // empty: accepted
	}{
		{"e-mail recovery by default", emailotp.ModePassword, func(p *awscognito.UserPoolProps) { p.AccountRecovery = "" },
			"user pool Prod/Pool resets passwords by e-mail (AccountRecoverySetting verified_email), so the mailbox alone replaces the password"},
		{"e-mail recovery", emailotp.ModePassword,
			func(p *awscognito.UserPoolProps) { p.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY }, "EMAIL_RECOVERY"},
		{"e-mail recovery where there is no password", emailotp.ModePasswordless,
			func(p *awscognito.UserPoolProps) { p.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY }, ""},
		{"recovery by phone", emailotp.ModePassword, func(p *awscognito.UserPoolProps) {
			p.AccountRecovery = awscognito.AccountRecovery_PHONE_ONLY_WITHOUT_MFA
		}, ""},
		{"native MFA required", emailotp.ModePassword, mfa(awscognito.Mfa_REQUIRED),
			"user pool Prod/Pool has MfaConfiguration ON"},
		{"native MFA optional", emailotp.ModePassword, mfa(awscognito.Mfa_OPTIONAL), "NATIVE_MFA"},
		{"native MFA in passwordless mode", emailotp.ModePasswordless, mfa(awscognito.Mfa_OPTIONAL), ""},
		{"e-mail as an alias", emailotp.ModePasswordless, func(p *awscognito.UserPoolProps) {
			p.SignInAliases = &awscognito.SignInAliases{Username: jsii.Bool(true), Email: jsii.Bool(true)}
		}, "user pool Prod/Pool has e-mail as an alias"},
		{"another alias", emailotp.ModePasswordless, func(p *awscognito.UserPoolProps) {
			p.SignInAliases = &awscognito.SignInAliases{Username: jsii.Bool(true), PreferredUsername: jsii.Bool(true)}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := newStack(t)
			props := valid(c.mode)
			props.UserPool = ownPool(stack, c.change)
			signIn(stack, props)
			words := synthesised(stack)
			if c.problem == "" && words != "" {
				t.Errorf("refused: %s", words)
			}
			contains(t, words, c.problem)
		})
	}
}

func TestAcknowledgedBypassesPassAndAreWrittenForTools(t *testing.T) {
	stack := newStack(t)
	props := valid(emailotp.ModePassword)
	props.UserPool = ownPool(stack, func(p *awscognito.UserPoolProps) {
		p.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY
	})
	props.AcknowledgedBypasses = &[]emailotp.Bypass{
		{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Legacy"},
		{Kind: emailotp.BypassEmailRecovery, Path: "Prod/Pool"},
	}
	signIn(stack, props)
	options := closed()
	awscognito.NewUserPoolClient(stack, jsii.String("Legacy"), &awscognito.UserPoolClientProps{UserPool: props.UserPool,
		DisableOAuth: options.DisableOAuth, WriteAttributes: options.WriteAttributes})
	pools := resources(t, stack, "AWS::Cognito::UserPool")
	pool := logical(t, pools, "Pool")
	client := logical(t, resources(t, stack, "AWS::Cognito::UserPoolClient"), "Legacy")
	got := compact(t, pools[pool]["Metadata"].(map[string]any)["EmailOTP::AcknowledgedBypasses"])
	if want := `["EMAIL_RECOVERY:` + pool + `","USER_SRP_AUTH:` + client + `"]`; got != want {
		t.Errorf("metadata %s, want %s", got, want)
	}
}

func TestAnAcknowledgementThatMatchesNoBypassIsRefused(t *testing.T) {
	stack := newStack(t)
	props := valid(emailotp.ModePassword)
	props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Gone"}}
	signIn(stack, props)
	contains(t, synthesised(stack),
		`AcknowledgedBypasses has {Kind: "USER_SRP_AUTH", Path: "Prod/Gone"}, which is not open (any more); remove it`)
}

// TestAnAcknowledgementMayEnd: the days are far from any present one.
func TestAnAcknowledgementMayEnd(t *testing.T) {
	for _, c := range []struct{ path, until, want string }{
		{"Prod/Legacy", "2999-12-31", ""},
		{"Prod/Legacy", "2020-02-29", "so a password alone signs in there (its acknowledgement ended on 2020-02-29)"},
		{"1example23456789", "2999-12-31", ""},
		{"1example23456789", "2020-02-29", `{Kind: "USER_SRP_AUTH", Path: "1example23456789", Until: "2020-02-29"}, which ` +
			"has ended; close the bypass and remove it, or set a later day"},
		{"Prod/Legacy", "31.12.2999", "whose Until must be a day such as 2027-03-31"},
		{"Prod/Legacy", "2999-02-30", "whose Until must be a day such as 2027-03-31"},
	} {
		stack := newStack(t)
		props := valid(emailotp.ModePassword)
		props.UserPool = ownPool(stack, nil)
		props.CheckOnDeploy = yes
		props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: c.path, Until: c.until}}
		var words string
		if words = refusal(func() { signIn(stack, props) }); words == "" {
			if c.path == "Prod/Legacy" {
				options := closed()
				awscognito.NewUserPoolClient(stack, jsii.String("Legacy"), &awscognito.UserPoolClientProps{UserPool: props.UserPool,
					DisableOAuth: options.DisableOAuth, WriteAttributes: options.WriteAttributes})
			}
			words = synthesised(stack)
		}
		if contains(t, words, c.want); c.want != "" {
			continue
		}
		if words != "" {
			t.Errorf("%v: %s", c, words)
		}
		mark := "USER_SRP_AUTH:" + c.path + " until 2999-12-31"
		a := compact(t, attachment(t, stack)["Properties"])
		if c.path == "Prod/Legacy" {
			client := logical(t, resources(t, stack, "AWS::Cognito::UserPoolClient"), "Legacy")
			contains(t, a, `["USER_SRP_AUTH:",{"Ref":"`+client+`"}," until 2999-12-31"]`)
			mark = "USER_SRP_AUTH:" + client + " until 2999-12-31"
			contains(t, compact(t, resources(t, stack, "AWS::Cognito::UserPool")), `["`+mark+`"]`)
		} else {
			contains(t, a, mark)
		}
	}
}

// TestAClientThatShowsWhoHasAnAccountIsAWarning: it opens no account.
func TestAClientThatShowsWhoHasAnAccountIsAWarning(t *testing.T) {
	stack := newStack(t)
	pool := signIn(stack, valid(emailotp.ModePasswordless)).UserPool()
	for _, id := range []string{"Shows", "Hides", "Secret"} {
		options := closed()
		options.PreventUserExistenceErrors = jsii.Bool(id == "Hides")
		options.GenerateSecret = jsii.Bool(id == "Secret")
		pool.AddClient(&id, options)
	}
	if words := synthesised(stack); words != "" {
		t.Fatal(words)
	}
	annotations := assertions.Annotations_FromStack(stack)
	if n := len(*annotations.FindWarning(text("*"), assertions.Match_StringLikeRegexp(text(
		"app client Prod/SignIn/UserPool/Shows of user pool Prod/SignIn/UserPool does not have "+
			"PreventUserExistenceErrors ENABLED, so its answers show who has an account.*")))); n != 1 {
		t.Errorf("%d warnings about the client", n)
	}
	if n := len(*annotations.FindWarning(text("*"), assertions.Match_AnyValue())); n != 1 {
		t.Errorf("%d warnings, want 1", n)
	}
}

// TestAnEndChangesTheAttachmentEachDay: CloudFormation would not invoke the function again.
func TestAnEndChangesTheAttachmentEachDay(t *testing.T) {
	stack := newStack(t)
	p := imports(stack, emailotp.ModePassword)
	b := bypass(emailotp.BypassUserSrpAuth, "1example23456789")
	b.Until = "2999-12-31"
	p.AcknowledgedBypasses = &[]emailotp.Bypass{b}
	signIn(stack, p)
	day, _ := attachment(t, stack)["Properties"].(map[string]any)["SynthesizedAt"].(string)
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		t.Error(err)
	}
}

func TestClientsMayChangeEmailAcknowledgesThatBypass(t *testing.T) {
	stack := newStack(t)
	props := valid(emailotp.ModePasswordless)
	props.ClientsMayChangeEmail = jsii.Bool(true)
	signIn(stack, props)
	clients := resources(t, stack, "AWS::Cognito::UserPoolClient")
	id := logical(t, clients, "SignIn")
	contains(t, compact(t, clients[id]["Properties"].(map[string]any)["WriteAttributes"]), `"email"`)
	contains(t, compact(t, resources(t, stack, "AWS::Cognito::UserPool")),
		`"EmailOTP::AcknowledgedBypasses":["WRITE_EMAIL:`+id+`"]`)
}

// replacer is an aspect that gives the pool another function.
type replacer struct{ arn *string }

func (r *replacer) Visit(node constructs.IConstruct) {
	if pool, ok := node.(awscognito.CfnUserPool); ok {
		pool.SetLambdaConfig(&awscognito.CfnUserPool_LambdaConfigProperty{DefineAuthChallenge: r.arn})
	}
}

func TestATakenTriggerIsRefusedAndOthersStay(t *testing.T) {
	fn := func(stack awscdk.Stack) awslambda.Function {
		return awslambda.NewFunction(stack, jsii.String("Fn"),
			&awslambda.FunctionProps{Runtime: awslambda.Runtime_NODEJS_22_X(), Handler: jsii.String("index.handler"),
				Code: awslambda.Code_FromInline(jsii.String("exports.handler = async e => e"))})
	}
	t.Run("taken", func(t *testing.T) {
		stack := newStack(t)
		props := valid(emailotp.ModePassword)
		pool := ownPool(stack, nil)
		pool.AddTrigger(awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE(), fn(stack), "")
		pool.AddTrigger(awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(),
			stack.Node().FindChild(jsii.String("Fn")).(awslambda.Function), awscognito.LambdaVersion_V2_0)
		props.UserPool = pool
		contains(t, refusal(func() { signIn(stack, props) }),
			`EmailOTP "Prod/SignIn": UserPool Prod/Pool has a trigger CreateAuthChallenge already`,
			`EmailOTP "Prod/SignIn": UserPool Prod/Pool has a trigger PreTokenGenerationConfig already`)
	})
	t.Run("others stay", func(t *testing.T) {
		stack := newStack(t)
		props := valid(emailotp.ModePassword)
		pool := ownPool(stack, nil)
		pool.AddTrigger(awscognito.UserPoolOperation_POST_CONFIRMATION(), fn(stack), "")
		props.UserPool = pool
		signIn(stack, props)
		pools := resources(t, stack, "AWS::Cognito::UserPool")
		contains(t, compact(t, pools), `"PostConfirmation":`, `"DefineAuthChallenge":`, `"PreTokenGeneration":`)
		if len(pools) != 1 {
			t.Errorf("%d pools, want the given one alone", len(pools))
		}
	})
	t.Run("two EmailOTPs on one pool", func(t *testing.T) {
		stack := newStack(t)
		first := signIn(stack, valid(emailotp.ModePassword))
		props := valid(emailotp.ModePassword)
		props.UserPool = first.UserPool()
		contains(t, refusal(func() { emailotp.NewEmailOTP(stack, jsii.String("Again"), props) }),
			"has a trigger DefineAuthChallenge already")
	})
	t.Run("added later", func(t *testing.T) {
		stack := newStack(t)
		pool := signIn(stack, valid(emailotp.ModePassword)).UserPool().(awscognito.UserPool)
		contains(t, refusal(func() { pool.AddTrigger(awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE(), fn(stack), "") }),
			"already exists")
		pool.AddTrigger(awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(),
			stack.Node().FindChild(jsii.String("Fn")).(awslambda.Function), awscognito.LambdaVersion_V2_0)
		contains(t, synthesised(stack),
			"[Prod/SignIn] user pool Prod/SignIn/UserPool no longer calls the EmailOTP's function for its trigger PreTokenGenerationConfig")
	})
	t.Run("added where the mode has none", func(t *testing.T) {
		stack := newStack(t)
		pool := signIn(stack, valid(emailotp.ModePasswordless)).UserPool().(awscognito.UserPool)
		pool.AddTrigger(awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(), fn(stack), awscognito.LambdaVersion_V2_0)
		if words := synthesised(stack); words != "" {
			t.Errorf("refused: %s", words)
		}
	})
	t.Run("overridden by an aspect", func(t *testing.T) {
		stack := newStack(t)
		signIn(stack, valid(emailotp.ModePassword))
		awscdk.Aspects_Of(stack).Add(&replacer{fn(stack).FunctionArn()}, nil)
		contains(t, synthesised(stack), "no longer calls the EmailOTP's function for its trigger DefineAuthChallenge",
			"for its trigger PreTokenGeneration")
	})
	t.Run("overridden later", func(t *testing.T) {
		stack := newStack(t)
		pool := signIn(stack, valid(emailotp.ModePassword)).UserPool()
		pool.Node().DefaultChild().(awscognito.CfnUserPool).SetLambdaConfig(&awscognito.CfnUserPool_LambdaConfigProperty{})
		contains(t, synthesised(stack), "no longer calls the EmailOTP's function for its trigger DefineAuthChallenge")
	})
}
