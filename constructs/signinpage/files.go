package signinpage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3deployment"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// settings are what the page reads of the sign-in.
func (p *signInPage) settings() webbundle.Settings {
	s := webbundle.Settings{
		UserPoolID:       *p.props.SignIn.UserPool().UserPoolId(),
		UserPoolClientID: *p.props.SignIn.UserPoolClient().UserPoolClientId(),
		Mode:             string(p.props.SignIn.Mode()), Product: *p.props.SignIn.ProductName(),
		SignUp: p.props.SignIn.Mode() == emailotp.ModePasswordless,
		Links:  p.props.SignIn.Brand().Links(), ChangeAddress: p.change != nil,
	}
	if p.props.SignIn.Mode() == emailotp.ModePassword {
		s.RememberDevices = int(*p.props.SignIn.RememberDevices())
		s.Support = *p.props.SignIn.SupportAddress()
		if p.props.SignIn.PasswordRecovery() == emailotp.RecoveryByEmail {
			s.Recovery = string(emailotp.RecoveryByEmail)
		}
	}
	pool, ok := p.props.SignIn.UserPool().Node().DefaultChild().(awscognito.CfnUserPool)
	if !ok {
		return s // an imported pool, whose configuration is not known here
	}
	resolve := func(v any) map[string]any {
		m, _ := awscdk.Stack_Of(p).Resolve(v).(map[string]any)
		return m
	}
	if byAdministrators, _ := resolve(pool.AdminCreateUserConfig())["allowAdminCreateUserOnly"].(bool); byAdministrators {
		s.SignUp = false
	}
	policy, _ := resolve(pool.Policies())["passwordPolicy"].(map[string]any)
	if least, ok := policy["minimumLength"].(float64); ok {
		s.PasswordLength = int(least)
	}
	s.PasswordRules = passwordRules(policy)
	return s
}

// passwordRules returns the kinds of characters that a policy requires; nil where it requires all
// of them or is not known, which means the same to the page.
func passwordRules(policy map[string]any) []string {
	rules := []string{}
	for _, r := range [][2]string{{"requireUppercase", "upper"}, {"requireLowercase", "lower"},
		{"requireNumbers", "digit"}, {"requireSymbols", "symbol"}} {
		if required, known := policy[r[0]].(bool); required || !known {
			rules = append(rules, r[1])
		}
	}
	if len(rules) == 4 {
		return nil
	}
	return rules
}

// writeFiles makes the deployment write the files and, beside them, the settings, whose ids are not
// known at synth. The files named by their content come first, and stay after the next deployment,
// because a browser may still have the page open.
func (p *signInPage) writeFiles() {
	dir, err := os.MkdirTemp("", "emailotp-page-*")
	if err != nil {
		p.fail("%v", err)
	}
	defer os.RemoveAll(dir)
	named, rest := filepath.Join(dir, "named"), filepath.Join(dir, "rest")
	look, err := p.props.SignIn.Brand().Look(".")
	if err == nil {
		err = bundlePage(named, rest, look)
	}
	if err != nil {
		p.fail("the sign-in page can't be made: %v", err)
	}
	log := p.logGroup("Log")
	write := func(id, cacheControl string, sources ...awss3deployment.ISource) awss3deployment.BucketDeployment {
		return awss3deployment.NewBucketDeployment(p, &id, &awss3deployment.BucketDeploymentProps{
			DestinationBucket: p.bucket, Sources: &sources,
			CacheControl: &[]awss3deployment.CacheControl{awss3deployment.CacheControl_FromString(&cacheControl)},
			Prune:        jsii.Bool(false), OutputObjectKeys: jsii.Bool(false),
			LogGroup: log,
		})
	}
	first := write("Assets", "public, max-age=31536000, immutable", awss3deployment.Source_Asset(&named, nil))
	last := write("Page", "no-cache", awss3deployment.Source_Asset(&rest, nil),
		awss3deployment.Source_JsonData(jsii.String(webbundle.SettingsName), object(p.settings()), nil))
	last.Node().AddDependency(first)
}

// bundlePage writes the page's files into two directories: those that are named by their content,
// and the rest.
func bundlePage(named, rest string, look brand.Look) error {
	cache, err := cachedir.Dir()
	if err != nil {
		return err
	}
	modules, err := webbundle.Install(context.Background(), cache,
		func(s string) { fmt.Fprintln(os.Stderr, "emailotp:", s) })
	if err != nil {
		return err
	}
	page, err := webbundle.BuildWith(web.Sources(), modules, look)
	if err != nil {
		return err
	}
	for _, f := range page.Files() {
		path := filepath.Join(rest, filepath.FromSlash(f.Name))
		if f.Immutable {
			path = filepath.Join(named, filepath.FromSlash(f.Name))
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// object returns the settings in the form that jsii accepts.
func object(settings webbundle.Settings) map[string]any {
	text, err := json.Marshal(settings)
	if err != nil {
		panic(err) // a struct of texts, numbers and flags
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all
}
