package cost

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Price is what one unit of something costs, in US dollars before tax.
type Price struct {
	// Name is the price's name in [Table.Set], such as "cognito-lite".
	Name string `json:"name"`
	// Unit is what is counted, such as "active user".
	Unit string `json:"unit"`
	// Per is how many units USD buys.
	Per float64 `json:"per"`
	// USD is the price of Per units; nil where no source was found.
	USD *float64 `json:"usd"`
	// Free is how many units a month are not billed. Allowances are per account and, for Cognito,
	// per organisation: another pool may have used them up.
	Free float64 `json:"free"`
	// Date is the source's date, as exact as the source has it.
	Date string `json:"date,omitempty"`
	// Source is the place of the number.
	Source string `json:"source"`
}

// The names of the prices.
const (
	CognitoLite       = "cognito-lite"
	CognitoEssentials = "cognito-essentials"
	CognitoPlus       = "cognito-plus"
	SESMails          = "ses-mails"
	KMSKey            = "kms-key"
	KMSRequests       = "kms-requests"
	LambdaRequests    = "lambda-requests"
	LambdaTime        = "lambda-gb-seconds"
	DynamoDBReads     = "dynamodb-reads"
	DynamoDBWrites    = "dynamodb-writes"
	DynamoDBStorage   = "dynamodb-storage"
	DynamoDBBackup    = "dynamodb-backup"
	LogsIngested      = "logs-ingested"
	LogsStored        = "logs-stored"
	Metrics           = "metrics"
)

// Table is a list of prices.
type Table []Price

const (
	awsPages  = "public transcripts of the AWS price pages"
	noSource  = "none found; read it from the AWS price page of your Region"
	unbounded = 1e12
)

// Prices returns the list prices of US East (N. Virginia); other Regions differ. Cognito's Lite
// plan is cheaper beyond its first tier, by an amount without a source. So every user counts at the
// first tier's price, which is too much for EmailOTP.
func Prices() Table {
	return Table{
		known(CognitoLite, "active user", 1, 0.0055, 10_000, "2026-09", awsPages+" (first tier)"),
		known(CognitoEssentials, "active user", 1, 0.015, 10_000, "2026-09", awsPages),
		known(CognitoPlus, "active user", 1, 0.020, 0, "2026-09", awsPages),
		known(SESMails, "mail", 1_000, 0.10, 0, "undated", "acecloudinterviews.com/tutorials/aws/ses"),
		known(KMSKey, "key", 1, 1.00, 0, "2026-09", awsPages),
		known(KMSRequests, "request", 10_000, 0.03, 20_000, "2026-09", awsPages),
		known(LambdaRequests, "invocation", 1_000_000, 0.20, 1_000_000, "2024", "cloudchipr.com/blog/aws-lambda-pricing"),
		known(LambdaTime, "GB-second on arm64", 1, 0.0000133334, 400_000, "2024", "cloudchipr.com/blog/aws-lambda-pricing"),
		known(DynamoDBReads, "on-demand read unit", 1_000_000, 0.125, 0, "2025-07",
			"airbyte.com/data-engineering-resources/dynamodb-pricing"),
		known(DynamoDBWrites, "on-demand write unit", 1_000_000, 0.625, 0, "2025-07",
			"airbyte.com/data-engineering-resources/dynamodb-pricing"),
		known(DynamoDBStorage, "GB", 1, 0.25, 25, "undated", "aws.amazon.com/dynamodb/pricing"),
		unknown(DynamoDBBackup, "GB with point-in-time recovery"),
		known(LogsIngested, "GB", 1, 0.50, 5, "2026-06",
			"factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards"),
		unknown(LogsStored, "GB kept a month"),
		known(Metrics, "custom metric", 1, 0.30, 10, "2026-02",
			"signoz.io/guides/cloudwatch-pricing; allowance: aws.amazon.com/cloudwatch/pricing"),
	}
}

func known(name, unit string, per, usd, free float64, date, source string) Price {
	return Price{Name: name, Unit: unit, Per: per, USD: &usd, Free: free, Date: date, Source: source}
}

func unknown(name, unit string) Price { return Price{Name: name, Unit: unit, Per: 1, Source: noSource} }

// names lists the names that [Table.Set] accepts.
func (t Table) names() string {
	names := make([]string, len(t))
	for i, p := range t {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func (t Table) index(name string) int {
	return slices.IndexFunc(t, func(p Price) bool { return p.Name == name })
}

// Get returns a price by name. It panics for a name that the table lacks, which no input can cause.
func (t Table) Get(name string) Price {
	i := t.index(name)
	if i < 0 {
		panic("cost: the table has no price " + name)
	}
	return t[i]
}

// Set returns the table with prices replaced, each given as NAME=USD: the price of as many units as
// the table has, such as "ses-mails=0.12". The error lists everything that is wrong.
func (t Table) Set(assignments ...string) (Table, error) {
	t = slices.Clone(t)
	var errs []error
	for _, a := range assignments {
		name, value, _ := strings.Cut(a, "=")
		i := t.index(name)
		if i < 0 {
			errs = append(errs, fmt.Errorf("price %q is not known; the names are %s", name, t.names()))
			continue
		}
		usd, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(usd) || usd < 0 || usd > unbounded {
			errs = append(errs, fmt.Errorf("price %s must be NAME=USD with a decimal number of US dollars, 0 or more "+
				"(received: %q)", name, a))
			continue
		}
		t[i].USD, t[i].Date, t[i].Source = &usd, "", "given"
	}
	return t, errors.Join(errs...)
}

// WithoutFree returns the table without free allowances, for accounts that use them elsewhere.
func (t Table) WithoutFree() Table {
	t = slices.Clone(t)
	for i := range t {
		t[i].Free = 0
	}
	return t
}
