package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// operatorFlags choose the EmailOTP that an operator looks at: a deployed stack, or the sandbox.
type operatorFlags struct {
	stack, construct, region, profile, readyFile string
	json, policy                                 bool
}

func (f *operatorFlags) add(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.stack, "stack", "", "name of the deployed stack; by default the running sandbox's")
	flags.StringVar(&f.construct, "construct", "", "which EmailOTP, where the stack has several")
	flags.StringVar(&f.region, "region", "", "AWS Region; by default the configuration's")
	flags.StringVar(&f.profile, "profile", "", "profile of the AWS configuration")
	flags.StringVar(&f.readyFile, "ready-file", defaultReadyFile, "ready file of the sandbox")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	flags.BoolVar(&f.policy, "policy", false, "print the least IAM policy for the command, and do nothing else")
}

// check reports flags that contradict each other.
func (f *operatorFlags) check() error {
	if f.stack == "" && (f.region != "" || f.profile != "") {
		return errors.New("--region and --profile go with --stack")
	}
	return nil
}

// connect returns the client and the EmailOTP that the flags choose.
func (f *operatorFlags) connect(ctx context.Context) (*awsapi.Client, *deployed.EmailOTP, error) {
	options, stack := awsapi.Options{Region: f.region, Profile: f.profile}, f.stack
	if stack == "" {
		c, err := sandbox.ReadReadyFile(f.readyFile)
		if err != nil {
			return nil, nil, hint(&signin.Unavailable{Sentence: err.Error()}, "name a deployed stack by --stack")
		}
		options, stack = awsapi.Options{Region: c.Region, Sandbox: c.KMSEndpoint}, c.Stack
	}
	api, err := awsapi.New(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	e, err := deployed.Find(ctx, api, stack, f.construct)
	return api, e, f.adviseOperator(api, err)
}

// adviseOperator adds what to do about an error of AWS's.
func (f *operatorFlags) adviseOperator(api *awsapi.Client, err error) error {
	switch {
	case err == nil:
		return nil
	case awsapi.IsDenied(err) && !strings.Contains(err.Error(), "cloudformation:"):
		return hint(err, "allow the action of the error; --policy prints the whole policy")
	case awsapi.IsDenied(err):
		return hint(err, "the stack is read by the actions cloudformation:DescribeStacks, cloudformation:GetTemplate and "+
			"cloudformation:ListStackResources on arn:"+partition.Name(api.Region())+":cloudformation:"+api.Region()+
			":*:stack/"+f.stack+"/*; "+
			"--policy prints the whole policy, for someone who may read the stack")
	case awsapi.IsAbsent(err) && !api.IsSandbox():
		endpoint, _ := api.Endpoint(awsapi.CloudFormation)
		return hint(err, endpoint+" does not answer for CloudFormation; is AWS_ENDPOINT_URL right? Without --stack the "+
			"sandbox of the ready file is taken")
	case api.IsSandbox() && errors.As(err, new(*awsapi.Unreachable)):
		return hint(err, "is the sandbox still running?")
	case errors.As(err, new(*awsapi.Unreachable)):
		return hint(err, "is the Region "+api.Region()+" right (--region), and can this machine reach it?")
	}
	return err
}

func printPolicy(s streams, statements []awsapi.Statement) error {
	document, isWhole, err := awsapi.Policy(statements...)
	if err == nil && !isWhole {
		fmt.Fprintln(s.err, "Some resources are not known, since not everything could be read: the policy lacks them. "+
			"Allow what it has, and print it again.")
	}
	if err == nil {
		_, err = fmt.Fprintf(s.out, "%s\n", document)
	}
	return err
}

// confirm asks for a yes at stdin, unless it was given before.
func confirm(ctx context.Context, s streams, given bool, question string) error {
	if given {
		return nil
	}
	for line := range strings.Lines(question) {
		fmt.Fprintln(s.err, terminal.Printable(line))
	}
	if !terminal.Is(s.in) {
		return &usageError{errors.New("stdin is no terminal, so this can't be confirmed; give --yes")}
	}
	fmt.Fprint(s.err, "Type yes to go on: ")
	answer, err := terminal.Await(ctx, func() (string, error) { return bufio.NewReader(s.in).ReadString('\n') })
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return errors.Join(errors.New("nothing was done"), errorUnlessEnd(err))
	}
	return nil
}

// errorUnlessEnd drops the end of the input, which is an answer too.
func errorUnlessEnd(err error) error {
	if errors.Is(err, terminal.ErrInterrupted) {
		return err
	}
	return nil
}
