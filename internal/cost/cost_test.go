package cost_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

func TestCognitoCostsWhatItsPricesSay(t *testing.T) {
	// 100,000 active users, of which 10,000 are free except on Plus.
	for _, test := range []struct {
		name string
		bill func(cost.Load, cost.Table) cost.Bill
		want float64
	}{
		{"Lite", cost.EmailOTP, 495},
		{"Essentials", func(l cost.Load, p cost.Table) cost.Bill { return cost.Native(l, cost.CognitoEssentials, p) }, 1_350},
		{"Plus", func(l cost.Load, p cost.Table) cost.Bill { return cost.Native(l, cost.CognitoPlus, p) }, 2_000},
	} {
		bill := test.bill(cost.Load{Users: 100_000, SignInsPerUser: 1, Mode: settings.Passwordless}, cost.Prices())
		if got := *bill.Items[0].USD; math.Abs(got-test.want) > 1e-6 {
			t.Errorf("%s costs %v, want %v", test.name, got, test.want)
		}
	}
}

func TestEveryItemIsQuantityTimesPrice(t *testing.T) {
	l := cost.Load{Users: 1_000_000, SignInsPerUser: 4, Mode: settings.Passwordless}
	want := map[string]float64{
		cost.CognitoLite:     990_000 * 0.0055,
		cost.SESMails:        4_000_000 / 1e3 * 0.10,
		cost.KMSKey:          1,
		cost.KMSRequests:     (12_000_000 - 20_000) / 1e4 * 0.03,
		cost.LambdaRequests:  (16_000_000 - 1_000_000) / 1e6 * 0.20,
		cost.LambdaTime:      (4_000_000*(0.3+0.2+2*0.01)*0.5 - 400_000) * 0.0000133334,
		cost.DynamoDBReads:   4_000_000 / 1e6 * 0.125,
		cost.DynamoDBWrites:  5 * 4_000_000 / 1e6 * 0.625,
		cost.DynamoDBStorage: 0,
		cost.LogsIngested:    (16_000_000*1_500.0/(1<<30) - 5) * 0.50,
		cost.Metrics:         float64(len(settings.Metrics())-10) * 0.30,
	}
	bill, sum := cost.EmailOTP(l, cost.Prices()), 0.0
	for _, i := range bill.Items {
		if i.USD == nil {
			continue
		}
		sum += *i.USD
		if math.Abs(*i.USD-want[i.Price]) > 1e-6 {
			t.Errorf("%s costs %v, want %v", i.Price, *i.USD, want[i.Price])
		}
		delete(want, i.Price)
	}
	if len(want) > 0 {
		t.Errorf("the bill lacks %v", want)
	}
	if math.Abs(sum-bill.TotalUSD) > 1e-6 {
		t.Errorf("the total is %v, the items sum up to %v", bill.TotalUSD, sum)
	}
}

func TestAPriceThatNobodyKnowsIsNotGuessed(t *testing.T) {
	l := cost.Load{Users: 1_000, SignInsPerUser: 1, Mode: settings.Password}
	bill := cost.EmailOTP(l, cost.Prices())
	if got := strings.Join(bill.Unknown, " "); got != cost.DynamoDBBackup+" "+cost.LogsStored {
		t.Errorf("unknown: %s", got)
	}
	table, err := cost.Prices().Set("dynamodb-backup=0.5", "logs-stored=2")
	if err != nil {
		t.Fatal(err)
	}
	if whole := cost.EmailOTP(l, table); len(whole.Unknown) > 0 || whole.TotalUSD <= bill.TotalUSD {
		t.Errorf("with the prices given: unknown %v, total %v, before %v", whole.Unknown, whole.TotalUSD, bill.TotalUSD)
	}
}

func TestEveryPriceHasASource(t *testing.T) {
	for _, p := range cost.Prices() {
		if p.Source == "" || p.Per <= 0 || p.USD != nil && p.Date == "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	_, err := cost.NewReport(cost.Load{Users: 0, SignInsPerUser: math.NaN(), Mode: "both"}, cost.Prices())
	for _, want := range []string{"users must be 1 to 1,000,000,000 (received: 0)",
		"sign-ins per user must be more than 0", `mode must be password or passwordless (received: "both")`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in %v", want, err)
		}
	}
	_, err = cost.Prices().Set("ses-mail=1", "kms-key=cheap", "kms-key=-1", "kms-key=NaN", "metrics")
	for _, want := range []string{`"ses-mail" is not known; the names are cognito-lite,`, `"kms-key=cheap"`,
		`"kms-key=-1"`, `"kms-key=NaN"`, `"metrics"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in %v", want, err)
		}
	}
}

func TestAllowancesCanBeLeftOut(t *testing.T) {
	l := cost.Load{Users: 1_000, SignInsPerUser: 1, Mode: settings.Passwordless}
	if got := *cost.EmailOTP(l, cost.Prices().WithoutFree()).Items[0].USD; math.Abs(got-5.5) > 1e-9 {
		t.Errorf("1,000 users without an allowance cost %v, want 5.5", got)
	}
}

func TestTheJSONHasTheSameNumbers(t *testing.T) {
	r := report(t)
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got cost.Report
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r) || !strings.Contains(out.String(), `"users": 10000`) {
		t.Errorf("%+v", got)
	}
}

// docs/choosing.md has the command's own table.
func TestTheDocumentationShowsTheComparison(t *testing.T) {
	page := disk.Read(t, "../../docs/choosing.md")
	var want bytes.Buffer
	report(t).WriteComparison(&want)
	if !strings.Contains(string(page), want.String()) {
		t.Errorf("docs/choosing.md lacks the table of `emailotp cost`:\n%s", want.String())
	}
}

func report(t *testing.T) cost.Report {
	t.Helper()
	r, err := cost.NewReport(cost.Load{Users: 10_000, SignInsPerUser: 4, Mode: settings.Passwordless}, cost.Prices())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheTextIsStable(t *testing.T) {
	var out bytes.Buffer
	if err := report(t).WriteText(&out); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.golden.txt"
	if os.Getenv("EMAILOTP_UPDATE") == "1" {
		disk.Write(t, golden, out.Bytes())
	}
	want := disk.Read(t, golden)
	if out.String() != string(want) {
		t.Errorf("the report differs from %s; if that is meant, run EMAILOTP_UPDATE=1 go test:\n%s", golden, out.String())
	}
}

// One mail is a tenth of a thousandth of a dollar; KMS, Lambda, DynamoDB and the logs add less than
// that again.
func TestASignInCostsItsMailAndALittleMore(t *testing.T) {
	for _, mode := range settings.Modes() {
		if usd := cost.SignInUSD(mode, cost.Prices()); usd < 0.0001 || usd > 0.0002 {
			t.Errorf("%s: %.9f USD", mode, usd)
		}
	}
}
