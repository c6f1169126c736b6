// Package assembly reads the directory that cdk synth writes. It turns the EmailOTP in it into a
// plan for the sandbox, and checks every EmailOTP in it for bypasses. Package template below it
// resolves the templates.
package assembly

import "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"

// Assembly is a loaded cloud assembly. It is not safe for concurrent use.
type Assembly struct{ set *template.Set }

// Load reads the assembly in dir: its manifest, the stages in it and nested stacks. A region that
// is not empty replaces the Region of every stack.
func Load(dir, region string) (*Assembly, error) {
	set, err := template.Load(dir, region)
	if err != nil {
		return nil, err
	}
	return &Assembly{set}, nil
}
