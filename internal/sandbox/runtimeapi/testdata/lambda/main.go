// Command lambda is a function whose event tells it what to do.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

type event struct {
	Do    string `json:"do"`
	Text  string `json:"text"`
	Sleep int    `json:"sleep"` // milliseconds
}

type answer struct {
	PID         int               `json:"pid"`
	Calls       int               `json:"calls"`
	Text        string            `json:"text"`
	Environment map[string]string `json:"environment,omitempty"`
	Directory   string            `json:"directory"`
	Left        time.Duration     `json:"left"`
	ARN         string            `json:"arn"`
}

var calls int // shows whether the process is the same

func handle(ctx context.Context, e event) (any, error) {
	calls++
	time.Sleep(time.Duration(e.Sleep) * time.Millisecond)
	switch e.Do {
	case "fail":
		return nil, errors.New(e.Text)
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(7)
	case "exit quietly":
		os.Exit(0)
	case "child":
		// A child that outlives its parent unless the whole group is ended.
		child := exec.Command("sleep", "300")
		if err := child.Start(); err != nil {
			return nil, err
		}
		return map[string]int{"child": child.Process.Pid}, nil
	case "huge":
		return strings.Repeat("x", 7<<20), nil
	case "print":
		fmt.Println("to stdout:", e.Text)
		fmt.Fprint(os.Stderr, "to stderr: ", e.Text, "\n")
	case "stray":
		return nil, stray(ctx, e.Text)
	}
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	a := answer{PID: os.Getpid(), Calls: calls, Text: e.Text, Left: left}
	a.Directory, _ = os.Getwd()
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		a.ARN = lc.InvokedFunctionArn
	}
	if e.Do == "environment" {
		a.Environment = map[string]string{}
		for _, v := range os.Environ() {
			name, value, _ := strings.Cut(v, "=")
			a.Environment[name] = value
		}
	}
	return a, nil
}

// stray calls a service for which no endpoint is set.
func stray(ctx context.Context, how string) error {
	cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	if how == "configured" {
		var err error
		if cfg, err = config.LoadDefaultConfig(ctx); err != nil {
			return err
		}
	}
	_, err := kms.NewFromConfig(cfg).GenerateRandom(ctx, nil)
	return err
}

func main() {
	if os.Getenv("SLOW_START") != "" {
		time.Sleep(time.Hour)
	}
	if os.Getenv("BAD_START") != "" {
		os.Exit(3)
	}
	lambda.Start(handle)
}
