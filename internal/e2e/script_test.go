package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Each script starts sandboxes of its own, on free ports.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use signals")
	}
	t.Parallel()
	dir := app.Assembly(t)
	repo, err := app.Repo()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(app.Command(t))
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			e.Setenv("ASSEMBLY", dir)
			e.Setenv("EMAILOTP", filepath.Join(bin, "emailotp"))
			e.Setenv("REPO", repo)
			// Scripts compile for this machine's processor: for another one the standard library
			// and the AWS SDK take a minute.
			e.Setenv("ARCH", map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH])
			e.Setenv("NO_COLOR", "1")
			// The table engine and the rebuilt functions are in the cache.
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"} {
				out, err := exec.Command("go", "env", name).Output()
				if err != nil {
					return err
				}
				e.Setenv(name, string(out[:len(out)-1]))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready": scriptReady, "gone": scriptGone, "listen": scriptListen, "sign-in": scriptSignIn, "app": scriptApp,
			"changed": scriptChanged, "touch": scriptTouch, "exited": scriptExited,
		},
	})
}

// scriptReady waits until a ready file is there: ready FILE. An app may be compiled and synthesised
// before.
func scriptReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	ts.Check(testkit.Within(5*testkit.Patience, func() error {
		_, err := sandbox.ReadReadyFile(ts.MkAbs(args[0]))
		return err
	}))
}

// scriptGone waits until a ready file is gone and nothing listens any more at the addresses in its
// copy: gone FILE COPY.
func scriptGone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gone FILE COPY")
	}
	c, err := sandbox.ReadReadyFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(testkit.Within(testkit.Patience, func() error {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return errors.New("the file is still there")
		}
		for _, address := range []string{c.Endpoint, c.InboxURL, c.SESEndpoint} {
			u, err := url.Parse(address)
			if err != nil {
				return err
			}
			if conn, err := net.Dial("tcp", u.Host); err == nil {
				return errors.Join(fmt.Errorf("%s still answers", address), conn.Close())
			}
		}
		return nil
	}))
}

// scriptChanged waits until a ready file is another sandbox's: changed FILE OLD.
func scriptChanged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: changed FILE OLD")
	}
	old, err := sandbox.ReadReadyFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(testkit.Within(testkit.Patience, func() error {
		c, err := sandbox.ReadReadyFile(ts.MkAbs(args[0]))
		if err == nil && c == old {
			err = errors.New("the ready file is still the old one")
		}
		return err
	}))
}

// scriptTouch makes a file look changed a minute from now: touch FILE.
func scriptTouch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: touch FILE")
	}
	later := time.Now().Add(time.Minute)
	ts.Check(os.Chtimes(ts.MkAbs(args[0]), later, later))
}

// scriptExited checks the exit code of the last sign-in: exited CODE.
func scriptExited(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || (ts.Getenv("CODE") == args[0]) == neg {
		ts.Fatalf("the sign-in exited with %s, not %v", ts.Getenv("CODE"), args)
	}
}

// scriptListen takes a port and puts its number into PORT: listen.
func scriptListen(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("PORT", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// scriptApp writes a project directory in which the CLI runs the repository's app: app DIR.
func scriptApp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: app DIR")
	}
	ts.Check(app.Write(ts.MkAbs(args[0]), map[string]map[string]any{"dev": {"mode": "passwordless"}}))
}

// scriptSignIn runs `emailotp sign-in` and answers with the code of the inbox, after the lines of a
// file: sign-in [-wrong] READY LINES USER [FLAG...].
func scriptSignIn(ts *testscript.TestScript, neg bool, args []string) {
	bad := len(args) > 0 && args[0] == "-wrong"
	if bad {
		args = args[1:]
	}
	if len(args) < 3 {
		ts.Fatalf("usage: sign-in [-wrong] READY LINES USER [FLAG...]")
	}
	ready, user := ts.MkAbs(args[0]), args[2]
	c, err := sandbox.ReadReadyFile(ready)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, ts.Getenv("EMAILOTP"), append([]string{"sign-in", "--ready-file", ready, "--user",
		user}, args[3:]...)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+ts.Getenv("XDG_CONFIG_HOME"))
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	since := time.Now()
	ts.Check(cmd.Start())
	_, err = io.WriteString(stdin, ts.ReadFile(args[1]))
	ts.Check(err)
	running, ended := context.WithCancel(ctx) // a refusal comes without a mail
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if code, err := testkit.WaitForCode(running, c.InboxURL, user, since); err == nil {
			if bad {
				code = wrong(code)
			}
			_, _ = io.WriteString(stdin, code+"\n") // the program may have ended
		}
		_ = stdin.Close()
	}()
	err = cmd.Wait()
	ended()
	<-answered
	if (err != nil) != neg {
		ts.Fatalf("sign-in: %v", err)
	}
	ts.Setenv("CODE", strconv.Itoa(cmd.ProcessState.ExitCode()))
}
