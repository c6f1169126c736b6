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

// Brand is the look of the sign-in page and the mail: logos, colours, corners, fonts and links. Its
// contrasts and files are checked at synth.
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
