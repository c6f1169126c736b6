package cost

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// An Item is one line of a bill.
type Item struct {
	// Price is the price's name, What a description.
	Price string `json:"price"`
	What  string `json:"what"`
	Unit  string `json:"unit"`
	// Quantity is the number of units, Free the number of them that cost nothing.
	Quantity float64 `json:"quantity"`
	Free     float64 `json:"free"`
	// USD is the amount; nil where the price is not known.
	USD *float64 `json:"usd"`
}

// A Bill has the costs of a month.
type Bill struct {
	Items []Item `json:"items"`
	// TotalUSD sums the items whose price is known.
	TotalUSD float64 `json:"totalUsd"`
	// Unknown names the prices that the total lacks.
	Unknown []string `json:"unknown,omitempty"`
}

type biller struct {
	prices Table
	bill   Bill
}

func (b *biller) add(price, what string, quantity float64) {
	p := b.prices.Get(price)
	i := Item{Price: price, What: what, Unit: p.Unit, Quantity: quantity, Free: min(p.Free, quantity)}
	if p.USD == nil {
		b.bill.Unknown = append(b.bill.Unknown, price)
	} else {
		usd := (quantity - i.Free) / p.Per * *p.USD
		i.USD = &usd
		b.bill.TotalUSD += usd
	}
	b.bill.Items = append(b.bill.Items, i)
}

// EmailOTP returns the bill with EmailOTP on the Lite plan.
func EmailOTP(l Load, prices Table) Bill {
	b := &biller{prices: prices}
	calls, n, users := PerSignIn(l.Mode), l.SignIns(), float64(l.Users)
	times := func(perSignIn int) float64 { return n * float64(perSignIn) }
	logs := times(calls.Invocations()) * logBytes / gigabyte
	b.add(CognitoLite, "Cognito, Lite plan", users)
	b.add(SESMails, "SES, one mail a sign-in", times(calls.Mails))
	b.add(KMSKey, "KMS, the key", 1)
	b.add(KMSRequests, "KMS, MACs", times(calls.MACs))
	b.add(LambdaRequests, "Lambda, invocations", times(calls.Invocations()))
	b.add(LambdaTime, "Lambda, time at 512 MiB", n*calls.seconds()*memoryGB)
	b.add(DynamoDBReads, "DynamoDB, reads", times(calls.Reads))
	b.add(DynamoDBWrites, "DynamoDB, writes", times(calls.Writes+busyWrites))
	b.add(DynamoDBStorage, "DynamoDB, storage", users*ItemBytes/gigabyte)
	b.add(DynamoDBBackup, "DynamoDB, recovery", users*ItemBytes/gigabyte)
	b.add(LogsIngested, "CloudWatch, logs written", logs)
	b.add(LogsStored, "CloudWatch, logs kept", logs)
	b.add(Metrics, "CloudWatch, metrics", float64(len(settings.Metrics())))
	return b.bill
}

// Native returns the bill with Cognito's own e-mail codes on a plan that has them: the users, and
// the mails, which the account's own SES sends there too.
func Native(l Load, plan string, prices Table) Bill {
	b := &biller{prices: prices}
	what := "Cognito, Essentials plan"
	if plan == CognitoPlus {
		what = "Cognito, Plus plan"
	}
	b.add(plan, what, float64(l.Users))
	b.add(SESMails, "SES, one mail a sign-in", l.SignIns())
	return b.bill
}

// Sizes are the pools that [Compare] compares, in users.
func Sizes() []int { return []int{1_000, 10_000, 100_000, 1_000_000} }

// A Comparison has the costs of one size of pool in a month.
type Comparison struct {
	Users         int     `json:"users"`
	EmailOTPUSD   float64 `json:"emailOtpUsd"`
	EssentialsUSD float64 `json:"essentialsUsd"`
	PlusUSD       float64 `json:"plusUsd"`
}

// Compare prices the load at every size of [Sizes].
func Compare(l Load, prices Table) []Comparison {
	var all []Comparison
	for _, users := range Sizes() {
		l.Users = users
		all = append(all, Comparison{users, EmailOTP(l, prices).TotalUSD,
			Native(l, CognitoEssentials, prices).TotalUSD, Native(l, CognitoPlus, prices).TotalUSD})
	}
	return all
}
