package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/readyfile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/triggerlog"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// defaultPort is the port of the user-pool API; the inbox has the next one.
const defaultPort = 9310

// defaultReadyFile is the ready file that `dev` writes, and that the other commands read.
const defaultReadyFile = ownDir + "/local.json"

// assemblyDir is the directory of the assemblies, below the app's: one for each stage and mode.
const assemblyDir = ownDir + "/cdk.out"

// ownDir is the directory in an app that has what `dev` writes.
const ownDir = ".emailotp"

// certificateName is the file beside the ready file with the certificate of --tls.
const certificateName = "certificate.pem"

// devFlags are the command's flags.
type devFlags struct {
	assembly, stack, pool, mode, stage string
	port, inboxPort                    int
	readyFile, tablePath               string
	poolDescription                    string
	poolClients                        []string
	users, stubs, requires, modules    []string
	callbacks, logouts                 []string
	tls, example, changeAddress        bool
	json, verbose                      bool
}

func newDev(s streams) *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the sign-in on this machine, from what cdk synth wrote",
		Long: `Starts the user pool, the functions and the mailbox that a cloud assembly
describes, on loopback addresses of this machine, and runs until Ctrl-C.

Without --assembly it first synthesises the CDK app of the working directory, into
` + assemblyDir + `, by the CLI of its package.json, else the cdk on PATH, else by npx.
While it runs, a ready file has the addresses for other programs.

A user is given as EMAIL, EMAIL:PASSWORD, or EMAIL:PASSWORD:temporary for a password
that has to be changed at the first sign-in. Without --user there is user@example.com.

An app that signs in by redirect (OAuth 2.0, as with Cognito's managed login) is given by
its --callback. The sandbox then has a public client with these addresses, and serves the
endpoints on the sign-in page's origin; the ready file has them under "oauth". --tls serves
the origin by https too, with a certificate of its own. --example serves such an app,
with an API that its token opens.

--change-address runs the function of the sign-in page by which users change their
address, where the template has no sign-in page; of a template's page its own prop
ChangeAddress decides.

The app's own triggers run as they are: Go binaries, and nodejs and python functions by
this machine's Node.js and Python, without the environment of this shell. One that can't
run here passes each event through unchanged, and the start reports it; --stub asks for
that, and --require NAME makes it an error. NAME is a function's logical id or name.`,
		Example: `  emailotp dev
  emailotp dev --mode password --user user@example.com:Correct-horse-7
  emailotp dev --callback http://localhost:5173/callback --logout-url http://localhost:5173/
  emailotp dev --pool-description pool.json --pool-clients web.json --pool-clients api.json
  emailotp dev --assembly ../shop/cdk.out --stack Shop --port 0 --ready-file /tmp/shop.json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := f.check()
			if f.assembly != "" && cmd.Flags().Changed("stage") {
				err = errors.Join(err, errors.New("--stage chooses what to synthesise and does not go with --assembly; "+
					"--stack chooses within an assembly"))
			}
			if err != nil {
				return usage(cmd, err)
			}
			return (&dev{flags: f, streams: s, paint: terminal.Paint(s.out)}).run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.assembly, "assembly", "", "cloud assembly to run, instead of synthesising one")
	flags.StringVar(&f.stack, "stack", "", "stack, where the assembly has several")
	flags.StringVar(&f.pool, "pool", "", "the user pool's logical id, where there are several")
	flags.StringVar(&f.poolDescription, "pool-description", "",
		"an imported user pool, as aws cognito-idp describe-user-pool prints it; by default one is invented")
	flags.StringArrayVar(&f.poolClients, "pool-clients", nil,
		"an app client of it, as describe-user-pool-client prints it; repeatable")
	flags.StringVar(&f.mode, "mode", "", "password or passwordless; by default what the assembly has")
	flags.StringVar(&f.stage, "stage", "dev", "environment of cdk.json to synthesise")
	flags.IntVar(&f.port, "port", defaultPort, "port of the user-pool API; 0 takes a free one")
	flags.IntVar(&f.inboxPort, "inbox-port", -1, "port of the inbox; by default the one after --port if it is free")
	flags.StringVar(&f.readyFile, "ready-file", defaultReadyFile, "file to write the addresses to")
	flags.StringVar(&f.tablePath, "table-path", "", "directory that keeps the tables; by default they live in memory")
	flags.StringArrayVar(&f.users, "user", nil, "user to create, EMAIL[:PASSWORD[:temporary]]; may be repeated")
	flags.StringArrayVar(&f.stubs, "stub", nil,
		"function of the app that passes each event through unchanged; may be repeated")
	flags.StringArrayVar(&f.requires, "require", nil, "function that must run here, or the start fails; may be repeated")
	flags.StringArrayVar(&f.modules, "modules", nil,
		"directory with modules for Node.js and Python functions, as the AWS SDK; may be repeated")
	flags.StringArrayVar(&f.callbacks, "callback", nil,
		"address to which an app that signs in by redirect returns; may be repeated")
	flags.StringArrayVar(&f.logouts, "logout-url", nil, "address to which that app signs out; may be repeated")
	flags.BoolVar(&f.tls, "tls", false, "serve the sign-in page by https too, with a certificate of its own")
	flags.BoolVar(&f.changeAddress, "change-address", false,
		"let users change their address on the sign-in page, as its prop ChangeAddress does")
	flags.BoolVar(&f.example, "example", false,
		"serve an example app that signs in by redirect, at http://localhost; includes --change-address")
	flags.BoolVar(&f.json, "json", false, "print JSON, an object a line")
	flags.BoolVar(&f.verbose, "verbose", false, "show the CDK's output and the sandbox's own log")
	return cmd
}

// check reports every wrong flag at once.
func (f devFlags) check() error {
	errs := []error{checkMode(f.mode)}
	if f.port < 0 || f.port > 65535 {
		errs = append(errs, fmt.Errorf("--port must be 1 to 65535, or 0 for a free one (received: %d)", f.port))
	}
	if f.inboxPort < -1 || f.inboxPort > 65535 {
		errs = append(errs, fmt.Errorf("--inbox-port must be 1 to 65535, or 0 for a free one (received: %d)", f.inboxPort))
	}
	if f.inboxPort > 0 && f.inboxPort == f.port {
		errs = append(errs, fmt.Errorf("--port and --inbox-port must differ (received: %d for both)", f.port))
	}
	if f.readyFile == "" {
		errs = append(errs, errors.New("--ready-file must name a file (received: none)"))
	}
	for _, u := range f.users {
		if _, err := parseUser(u); err != nil {
			errs = append(errs, err)
		}
	}
	for flag, list := range map[string][]string{"--callback": f.callbacks, "--logout-url": f.logouts} {
		for _, u := range list {
			if err := settings.CheckRedirectURI(u); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", flag, err))
			}
		}
	}
	if len(f.logouts) > 0 && len(f.callbacks) == 0 {
		errs = append(errs, errors.New("--logout-url belongs to an app that --callback names; give both"))
	}
	return errors.Join(errs...)
}

// dev is one run of the command.
type dev struct {
	flags devFlags
	streams
	paint   terminal.Painter
	display *progress.Display // of the start
	// exampleListener is the example app's, opened before the sandbox starts: its address is a
	// client's callback. nil without --example.
	exampleListener net.Listener
}

func (d *dev) run(ctx context.Context) error {
	// These checks come before a synthesis, which takes seconds.
	if err := readyfile.Claim(ctx, d.flags.readyFile); err != nil {
		if taken, ok := errors.AsType[*readyfile.Taken](err); ok {
			return hint(err, taken.Remedy)
		}
		return err
	}
	if err := d.checkPort(ctx); err != nil {
		return err
	}
	hideFromGit(filepath.Dir(d.flags.readyFile))
	d.display = progress.New(d.err, terminal.Width(d.err), startSteps)
	defer d.display.Close()
	d.fetch(ctx)
	if err := d.findAssembly(ctx); err != nil {
		return err
	}
	if err := d.findExample(ctx); err != nil {
		return err
	}
	defer d.closeExample()
	log := triggerlog.New(d.out, d.paint, d.flags.json)
	sb, err := sandbox.Start(ctx, d.options(ctx, log))
	if err != nil {
		return err
	}
	err = d.serve(ctx, sb, log)
	return errors.Join(err, sb.Close())
}

// startSteps are the steps of every start: the tables and the functions.
const startSteps = 2

// fetch begins to install what the start needs later, beside the synthesis. Who needs it waits for
// the installation and reports its error.
func (d *dev) fetch(ctx context.Context) {
	cache, err := cachedir.Dir()
	if err != nil {
		return
	}
	go func() { _, _ = webbundle.Install(ctx, cache, d.display.Report) }()
	go func() { _, _ = tables.Install(ctx, cache, d.display.Report) }()
	if d.flags.example {
		go func() { _, _ = webbundle.InstallExample(ctx, cache, d.display.Report) }()
	}
}

// checkPort reports a port in use early.
func (d *dev) checkPort(ctx context.Context) error {
	l, err := loopback.Listen(ctx, d.flags.port, "the user-pool API", "--port")
	if err != nil {
		return err
	}
	return l.Close()
}

// findAssembly finds or synthesises an assembly unless a flag names one.
func (d *dev) findAssembly(ctx context.Context) error {
	if d.flags.assembly != "" {
		if source, stale := synth.Stale(d.flags.assembly); stale {
			d.warn("the cloud assembly %s is older than %s; run `cdk synth` again to see the change",
				d.flags.assembly, terminal.Path(source))
		}
		return nil
	}
	app, err := synth.Find(".")
	if err != nil {
		return err
	}
	hideFromGit(filepath.Join(app, ownDir))
	// Each stage and mode has an assembly of its own, so that switching between them costs nothing.
	name := strings.Join(slices.DeleteFunc([]string{d.flags.stage, d.flags.mode}, isEmpty), "-")
	o := synth.Options{App: app, Output: filepath.Join(app, assemblyDir, name), Progress: d.display.Report,
		Context: []string{"stage=" + d.flags.stage}}
	if d.flags.mode != "" {
		o.Context = append(o.Context, "mode="+d.flags.mode)
	}
	d.flags.assembly = o.Output
	committed, err := synth.Committed(o, d.flags.stage, d.flags.mode)
	if err != nil {
		return err
	}
	if committed {
		d.note("the committed template of " + name + " is current: nothing to synthesise")
		return nil
	}
	// The functions are built once, for this machine.
	o.Context = append(o.Context, contract.UnbuiltContext+"=true")
	if d.flags.verbose {
		log := synth.NewLog(d.err)
		defer log.Flush()
		o.Log = log
	}
	ran, err := synth.Update(ctx, o)
	if err == nil && !ran {
		d.note("nothing changed since the last synthesis")
	}
	return err
}

// hideFromGit keeps programs and assemblies out of an app's repository, if dir is a directory of
// `dev`'s own.
func hideFromGit(dir string) {
	file := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(file); filepath.Base(dir) != ownDir || err == nil || os.MkdirAll(dir, 0o755) != nil {
		return
	}
	_ = os.WriteFile(file, []byte("*\n"), 0o644) // the sandbox runs without it too
}

func isEmpty(s string) bool { return s == "" }

func (d *dev) options(ctx context.Context, log *triggerlog.Log) sandbox.Options {
	o := sandbox.Options{
		Assembly: d.flags.assembly, Stack: d.flags.stack, Pool: d.flags.pool, Mode: sandbox.Mode(d.flags.mode),
		Port: d.flags.port, InboxPort: d.inboxPort(ctx), TablePath: d.flags.tablePath,
		PoolDescription: d.flags.poolDescription, PoolClients: d.flags.poolClients,
		FunctionLog: log, Progress: d.display.Report,
		Stub: d.flags.stubs, Require: d.flags.requires, Modules: d.flags.modules,
		CallbackURLs: d.flags.callbacks, LogoutURLs: d.flags.logouts, TLS: d.flags.tls,
		ChangeAddress: d.flags.changeAddress || d.flags.example,
		PagePort:      d.portBehind(ctx, 2), CertificateFile: filepath.Join(filepath.Dir(d.flags.readyFile), certificateName),
	}
	if d.flags.tls {
		o.TLSPort = d.portBehind(ctx, 3)
	}
	if d.flags.verbose {
		o.Logger = slog.New(slog.NewTextHandler(d.err, &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	return o
}

// inboxPort returns the port of the flag, else the one after the API's, else 0 if that one is in
// use.
func (d *dev) inboxPort(ctx context.Context) int {
	if d.flags.inboxPort >= 0 {
		return d.flags.inboxPort
	}
	return d.portBehind(ctx, 1)
}

// portBehind returns the port n after the API's, or 0 for a free one if that one is in use.
func (d *dev) portBehind(ctx context.Context, n int) int {
	if d.flags.port == 0 || d.flags.port+n > 65535 {
		return 0
	}
	l, err := loopback.Listen(ctx, d.flags.port+n, "a port", "--port")
	if err != nil || l.Close() != nil {
		return 0
	}
	return d.flags.port + n
}

// serve writes the ready file, prints the addresses and blocks until ctx is done.
func (d *dev) serve(ctx context.Context, sb *sandbox.Sandbox, log *triggerlog.Log) error {
	users, err := d.createUsers(ctx, sb)
	if err != nil {
		return err
	}
	closePage, err := d.servePage(ctx, sb)
	if err != nil {
		return err
	}
	defer closePage()
	if err := d.serveExample(ctx, sb); err != nil {
		return err
	}
	ready := sb.Config()
	if err := ready.WriteReadyFile(d.flags.readyFile); err != nil {
		return err
	}
	defer readyfile.Drop(d.flags.readyFile, ready)
	d.display.Close()
	if err := d.announce(sb, users); err != nil {
		return err
	}
	log.Open()
	<-ctx.Done()
	fmt.Fprintln(d.err, terminal.Paint(d.err).Faint("  stopping ..."))
	return nil
}

// note prints a line of the start, to stderr: a program may read stdout.
func (d *dev) note(phrase string) { d.display.Print(phrase) }

func (d *dev) warn(format string, args ...any) {
	fmt.Fprintln(d.err, terminal.Paint(d.err).Yellow("emailotp: warning:"), fmt.Sprintf(format, args...))
}
