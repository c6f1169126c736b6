package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/documents"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// lacking are the runbook's commands of services that the sandbox lacks. They must fail as such.
var lacking = []string{"aws cloudtrail ", "aws dynamodb describe-continuous-backups", "aws dynamodb restore-table"}

// absent is how the sandbox, or its table engine, refuses them.
var absent = regexp.MustCompile("NotEmulated|UnknownOperationException")

// elsewhere are the commands that change what the sandbox was started from.
var elsewhere = []string{"npx cdk deploy"}

// faults are made before a command that mends them; the doctor must name them.
var faults = map[string]struct{ command, words string }{
	"aws kms cancel-key-deletion": {`aws kms schedule-key-deletion --key-id "$KEY_ARN"`, "waits for its deletion"},
	"aws kms enable-key":          {"", "is Disabled"}, // as the one before leaves it
	"aws sesv2 put-account-sending-attributes": {"aws sesv2 put-account-sending-attributes --no-sending-enabled",
		"SES does not send for this account"},
}

// operator runs commands as a person on call does.
type operator struct {
	*testing.T
	environment []string
	ready       string
}

func newOperator(t *testing.T, sb *sandbox.Sandbox) *operator {
	t.Helper()
	config := sb.Config()
	ready := filepath.Join(t.TempDir(), "ready.json")
	if err := config.WriteReadyFile(ready); err != nil {
		t.Fatal(err)
	}
	variables, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		t.Fatal(err)
	}
	api := must(awsapi.New(t.Context(), awsapi.Options{Region: config.Region, Sandbox: config.KMSEndpoint}))(t)
	create := must(deployed.Find(t.Context(), api, config.Stack, ""))(t).Functions[settings.CreateAuthChallenge]
	path := filepath.Dir(app.Command(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
	return &operator{t, append(os.Environ(), "PATH="+path,
		"AWS_ENDPOINT_URL="+config.KMSEndpoint, "AWS_REGION="+config.Region, "AWS_DEFAULT_REGION="+config.Region,
		"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=operator", "AWS_CONFIG_FILE="+os.DevNull, "AWS_PAGER=",
		"POOL_ID="+config.UserPoolID, "KEY_ARN="+variables["EMAILOTP_KEY_ARN"], "TABLE="+variables["EMAILOTP_TABLE"],
		"RESTORED=restored", "BEFORE=2027-03-31T09:00:00Z", "CREATE_LOGS="+create.LogGroup(), "HOUR_AGO=0"), ready}
}

// wantNames checks that the list of resources has the names that the runbook's table takes from it.
func (o *operator) wantNames(list string) {
	o.Helper()
	for name, kind := range map[string]string{"POOL_ID": "AWS::Cognito::UserPool", "TABLE": "AWS::DynamoDB::GlobalTable",
		"KEY_ARN": "AWS::KMS::Key", "CREATE_LOGS": "AWS::Logs::LogGroup"} {
		i := slices.IndexFunc(o.environment, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		value := o.environment[i][len(name)+1:]
		value = value[strings.LastIndex(value, "/")+1:] // the resource's name is the key's id
		if !regexp.MustCompile(`(?m)^` + kind + `\t\w*\t` + regexp.QuoteMeta(value) + `$`).MatchString(list) {
			o.Errorf("no line of the list has %s, %s:\n%s", name, value, list)
		}
	}
}

// run runs a command of the runbook.
func (o *operator) run(command string) (string, error) {
	command = strings.ReplaceAll(command, "--stack EmailOtp-prod", "--ready-file "+o.ready)
	ctx, cancel := context.WithTimeout(o.Context(), testkit.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Env, cmd.WaitDelay = o.environment, time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// guesses returns what `emailotp users show` has of a user's guesses.
func (o *operator) guesses(email string) string {
	o.Helper()
	out, err := o.run("emailotp users show " + email + " --stack EmailOtp-prod")
	if err != nil {
		o.Fatal(out)
	}
	return regexp.MustCompile(`guesses +(\d+ of \d+)`).FindString(out)
}

func runbook(t *testing.T) (file string) {
	t.Helper()
	return filepath.Join(must(app.Repo())(t), "docs", "runbook.md")
}

// A person who follows the runbook in the sandbox meets no command that does not work. Faults that
// can be made there are named by the doctor and mended; a restored table has what was spent.
func TestEveryCommandOfTheRunbookWorks(t *testing.T) {
	t.Parallel()
	sb, _ := clocked(t, app.Password)
	p := newUser(t, sb, "oncall@example.com")
	p.SignIn()
	p.Again(p.Begin(), "00000000")
	o := newOperator(t, sb)
	spent := o.guesses(p.Email)
	moveItems(t, sb)
	if forgiven := o.guesses(p.Email); forgiven == spent || forgiven == "" {
		t.Fatalf("without its item the account has %q, and had %q", forgiven, spent)
	}
	_, errAWS := exec.LookPath("aws")
	seen := map[string]bool{}
	for _, block := range documents.Blocks(t, runbook(t)) {
		for _, command := range block.Commands() {
			has := func(prefix string) bool { return strings.HasPrefix(command, prefix) }
			if seen[command] || slices.ContainsFunc(elsewhere, has) || has("aws ") && errAWS != nil {
				continue
			}
			seen[command] = true
			for prefix, fault := range faults {
				if has(prefix) {
					o.breaks(fault.command, fault.words)
				}
			}
			command = strings.ReplaceAll(strings.ReplaceAll(command, "user@example.com", p.Email), "--stack-name EmailOtp-prod",
				"--stack-name "+sb.Config().Stack)
			if strings.Contains(command, "--sign-in") {
				command += " --policy" // the walk itself has tests of its own, and waits for a minute
			}
			out, err := o.run(command)
			if has("aws cloudformation list-stack-resources") {
				o.wantNames(out)
			}
			if has("aws logs ") && !strings.Contains(out, `"message"`) {
				t.Errorf("%s shows no line of the log", command)
			}
			isLacking := slices.ContainsFunc(lacking, has)
			if isLacking != (err != nil) || isLacking && !absent.MatchString(out) {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	if len(seen) < 18 && errAWS == nil {
		t.Errorf("the runbook has the commands %v", seen)
	}
	if restored := o.guesses(p.Email); errAWS == nil && restored != spent {
		t.Errorf("with the restored table the account has %q, and had %q", restored, spent)
	}
	if out, err := o.run("emailotp doctor --stack EmailOtp-prod"); err != nil {
		t.Errorf("after the runbook: %s", out)
	}
}

// breaks makes a fault, which the doctor must name.
func (o *operator) breaks(command, words string) {
	o.Helper()
	if out, err := o.run(command); err != nil {
		o.Fatalf("%s: %s", command, out)
	}
	if out, err := o.run("emailotp doctor --stack EmailOtp-prod"); err == nil || !strings.Contains(out, words) {
		o.Errorf("after %q the doctor reports\n%s\nwant %q", command, out, words)
	}
}

// moveItems moves what the sandbox's table has into a table "restored", as a restored one has it.
func moveItems(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	config, variables := sb.Config(), must(sb.Environment(sandbox.CreateAuthChallenge))(t)
	db := dynamodb.New(dynamodb.Options{Region: config.Region, BaseEndpoint: &config.DynamoDBEndpoint,
		Credentials: credentials.NewStaticCredentialsProvider("operator", "operator", "")})
	from, to := aws.String(variables["EMAILOTP_TABLE"]), aws.String("restored")
	pk := aws.String("pk")
	must(db.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: to, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: pk, AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: pk, KeyType: types.KeyTypeHash}}}))(t)
	waiter, table := dynamodb.NewTableExistsWaiter(db), &dynamodb.DescribeTableInput{TableName: to}
	if err := waiter.Wait(t.Context(), table, testkit.Patience); err != nil {
		t.Fatal(err)
	}
	for _, item := range must(db.Scan(t.Context(), &dynamodb.ScanInput{TableName: from}))(t).Items {
		must(db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: to, Item: item}))(t)
		must(db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: from,
			Key: map[string]types.AttributeValue{"pk": item["pk"]}}))(t)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Each section begins with the command that shows the state; before it comes at most the alarm's
// own sentence.
func TestEachSectionOfTheRunbookBeginsWithItsCommand(t *testing.T) {
	t.Parallel()
	for _, section := range strings.Split(string(must(os.ReadFile(runbook(t)))(t)), "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		before, _, found := strings.Cut(text, "```sh\n")
		want := ""
		if id, isAlarm := strings.CutPrefix(title, "Alarm: "); isAlarm {
			want = contract.Runbook[id]
		}
		if strings.TrimSpace(before) != want || !found {
			t.Errorf("%s begins with %q", title, before)
		}
	}
}

// The key is replaced while a sign-in is under way, as in the runbook: the code of the old key is
// not right any longer, a mail with a new one comes, and a roll-back works likewise.
func TestTheKeyIsReplacedUnderASignIn(t *testing.T) {
	t.Parallel()
	const other = "SignInKey2"
	dir := app.Changed(t, app.Passwordless, func(resources map[string]any) {
		for _, r := range maps.Clone(resources) {
			resource := r.(map[string]any)
			if resource["Type"] == "AWS::KMS::Key" {
				resources[other] = r
			}
			properties, _ := resource["Properties"].(map[string]any)
			policy, _ := properties["PolicyDocument"].(map[string]any)
			statements, _ := policy["Statement"].([]any)
			for _, s := range statements {
				// The roles may use both keys, so that both deployments run in one stack.
				if statement := s.(map[string]any); strings.HasPrefix(fmt.Sprint(statement["Action"]), "kms:") {
					statement["Resource"] = "*"
				}
			}
		}
	})
	clock := &inprocess.Clock{}
	options := clock.Options(sandbox.Options{Assembly: dir, Stack: app.Passwordless})
	var running deployment
	deploy := func(sb *sandbox.Sandbox, key string) {
		running.Store(new(must(clock.Handlers(sb, func(v map[string]string) {
			if key != "" && v["EMAILOTP_KEY_ARN"] != "" {
				v["EMAILOTP_KEY_ARN"] = key
			}
		}))(t)))
	}
	options.InProcess = func(_ context.Context, sb *sandbox.Sandbox) (sandbox.Invoker, error) {
		deploy(sb, "")
		return &running, nil
	}
	sb := app.Own(t, options)
	config, variables := sb.Config(), must(sb.Environment(sandbox.CreateAuthChallenge))(t)
	api := must(awsapi.New(t.Context(), awsapi.Options{Region: config.Region, Sandbox: config.KMSEndpoint}))(t)
	stack := must(deployed.Find(t.Context(), api, config.Stack, ""))(t)
	account, _, _ := strings.Cut(variables["EMAILOTP_KEY_ARN"], ":key/")

	p := newUser(t, sb, "rotated@example.com")
	r := p.Begin()
	old := p.Code()
	deploy(sb, account+":key/"+stack.Resources[other].PhysicalID)
	r = p.Again(r, old)
	wantParams(t, r, "reason", "new-code")
	p.Finish(r, p.Code())
	r = p.Begin()
	old = p.Code()
	deploy(sb, "")
	r = p.Again(r, old)
	p.Finish(r, p.Code())
}

// deployment is what the sandbox runs, until the next one.
type deployment struct {
	atomic.Pointer[sandbox.Handlers]
}

func (d *deployment) Invoke(ctx context.Context, trigger sandbox.Trigger, event []byte) ([]byte, error) {
	return d.Load().Invoke(ctx, trigger, event)
}
