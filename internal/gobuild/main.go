// Command gobuild is `go build` with a line that shows how far it has come. `make dev` runs it
// where the command line is not built yet, since a first build takes most of a minute:
//
//	go run ./internal/gobuild -o bin/emailotp ./cmd/emailotp
//
// It imports little, so that it is compiled in seconds itself.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := build(ctx, os.Stderr, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gobuild: error:", err)
		os.Exit(1)
	}
}

// build runs `go build -v` with the arguments, of which the last is the package.
func build(ctx context.Context, out io.Writer, args []string) error {
	phrase := "compiling " + args[len(args)-1]
	display := progress.New(out, 0, 1)
	defer display.Close()
	defer progress.Begin(display.Report, phrase)("")
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-v"}, args...)...)
	cmd.Stdout = out
	words, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	all := 0
	if list, err := exec.CommandContext(ctx, "go", "list", "-deps", args[len(args)-1]).Output(); err == nil {
		all = bytes.Count(list, []byte("\n"))
	}
	compiled, downloaded := 0, 0
	var rest []string // the compiler's messages
	for lines := bufio.NewScanner(words); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			downloaded++
		case strings.ContainsAny(line, " #:"):
			rest = append(rest, line)
		default:
			compiled++
		}
		display.Detail(phrase, detail(compiled, all, downloaded))
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(rest, "\n"))
	}
	return nil
}

// detail describes how far a build is. Packages that were compiled before count among all and are
// not compiled.
func detail(compiled, all, downloaded int) string {
	text := fmt.Sprintf("%d of at most %d packages", compiled, max(compiled, all))
	if downloaded > 0 {
		text += fmt.Sprintf(", %d modules downloaded", downloaded)
	}
	return text
}
