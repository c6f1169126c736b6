package emailotp

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// Brand is the look of the sign-in page and the mail. Its contrasts and files are checked at synth.
// All fields are optional:
//   - Logo is the file of the page's logo, PNG, JPEG, WebP or SVG of at most 64 KiB, relative to
//     the directory in which the app is synthesised; DarkLogo the one in dark mode.
//   - MailLogoURL is the https URL of the mail's logo, a PNG that is shown 32 pixels high.
//   - AccentColor is the colour of buttons, links and the mail's bar, as #rrggbb or #rgb, with a
//     contrast of 4.5 to 1 on white.
//   - CornerRadius is the radius of the page's card, 0 to 32 CSS pixels.
//   - FontFamilies are fonts of the user's device that the page prefers, at most 8.
//   - TermsURL, PrivacyURL and SupportURL are https URLs that the page links to; SupportURL may be
//     a mailto URL.
type Brand = brand.Brand

// brand checks the brand and reads its logos once, so that a mistake is one of the props.
func (r *reader) brand(c *config, p *EmailOTPProps) {
	if p.Brand == nil {
		return
	}
	known := len(r.Problems)
	r.Tokens("Brand", reflect.ValueOf(p.Brand))
	if len(r.Problems) > known {
		return
	}
	err := p.Brand.Validate()
	if err == nil {
		_, err = p.Brand.Look(".")
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			r.Add("%s", "Brand."+strings.TrimRight(line, "\n"))
		}
		return
	}
	c.brand = p.Brand
}

func (e *emailOTP) Brand() Brand {
	if e.config.brand == nil {
		return Brand{}
	}
	return *e.config.brand
}

// stateBrand writes the brand into the metadata of the function that mails, where the sandbox and
// the preview find it.
func (e *emailOTP) stateBrand() {
	if e.config.brand == nil {
		return
	}
	text, err := json.Marshal(e.config.brand)
	if err != nil {
		panic(err) // it has texts and numbers alone
	}
	e.CreateAuthChallenge().Node().DefaultChild().(awslambda.CfnFunction).AddMetadata(
		jsii.String(contract.MetadataBrand), string(text))
}
