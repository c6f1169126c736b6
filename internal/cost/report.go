package cost

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A Report has everything about one load: as text by [Report.WriteText], as JSON by
// [Report.WriteJSON].
type Report struct {
	Load
	Currency   string       `json:"currency"`
	EmailOTP   Bill         `json:"emailOtp"`
	Essentials Bill         `json:"nativeEssentials"`
	Plus       Bill         `json:"nativePlus"`
	Sizes      []Comparison `json:"comparison"`
	Prices     Table        `json:"prices"`
	// NotCounted is what the bills leave out.
	NotCounted []string `json:"notCounted"`
}

// NewReport prices a load. The error lists everything that is wrong with it.
func NewReport(l Load, prices Table) (Report, error) {
	if err := l.Validate(); err != nil {
		return Report{}, err
	}
	return Report{l, "USD", EmailOTP(l, prices), Native(l, CognitoEssentials, prices), Native(l, CognitoPlus, prices),
		Compare(l, prices), prices, []string{
			"wrong answers, resends and unfinished sign-ins (each start is a mail)",
			"each user's first day: sign-up, confirmation, the first email_verified",
			"alarms, WAF, support, taxes, and your work",
			"Cognito's price above Lite's first tier, which is lower",
		}}, nil
}

// WriteText writes line items, the native bills, the comparison and where the prices come from.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	l := r.Load
	fmt.Fprintf(&b, "%s users a month, %s sign-ins each, %s mode, US dollars\n",
		count(float64(l.Users)), number(l.SignInsPerUser), l.Mode)
	for _, part := range []struct {
		title string
		bill  Bill
	}{
		{"EmailOTP", r.EmailOTP}, {"Cognito's own e-mail codes, Essentials plan", r.Essentials},
		{"Cognito's own e-mail codes, Plus plan", r.Plus},
	} {
		fmt.Fprintf(&b, "\n%s\n", part.title)
		bill(&b, part.bill)
	}
	fmt.Fprintf(&b, "\nThe same sign-ins each, by users\n")
	r.WriteComparison(&b)
	fmt.Fprintf(&b, "\nPrices of US East (N. Virginia); --price NAME=USD sets another\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, p := range r.Prices {
		price := "not known"
		if p.USD != nil {
			price = fmt.Sprintf("%s per %s", number(*p.USD), units(p))
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Name, price, strings.TrimSpace(p.Date+" "+p.Source))
	}
	t.Flush()
	fmt.Fprintf(&b, "\nNot counted\n")
	for _, s := range r.NotCounted {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteComparison writes the table of sizes.
func (r Report) WriteComparison(w io.Writer) {
	columns(w, func(row func(...string)) {
		row("users", "EmailOTP", "own codes, Essentials", "own codes, Plus")
		for _, c := range r.Sizes {
			row(count(float64(c.Users)), dollars(c.EmailOTPUSD), dollars(c.EssentialsUSD), dollars(c.PlusUSD))
		}
	})
}

func bill(w io.Writer, b Bill) {
	columns(w, func(row func(...string)) {
		row("", "quantity", "of that free", "USD")
		for _, i := range b.Items {
			usd := "not known"
			if i.USD != nil {
				usd = dollars(*i.USD)
			}
			row(i.What, count(i.Quantity), count(i.Free), usd)
		}
		row("total", "", "", dollars(b.TotalUSD))
	})
	if len(b.Unknown) > 0 {
		fmt.Fprintf(w, "  without %s, whose price is not known\n", strings.Join(b.Unknown, ", "))
	}
}

// columns writes a table whose first column is text and whose others are numbers.
func columns(w io.Writer, rows func(row func(...string))) {
	var lines [][]string
	var widths []int
	rows(func(cells ...string) {
		lines = append(lines, cells)
		for i, c := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(c))
		}
	})
	for _, cells := range lines {
		line := fmt.Sprintf("  %-*s", widths[0], cells[0])
		for i, c := range cells[1:] {
			line += fmt.Sprintf("  %*s", widths[i+1], c)
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

func units(p Price) string {
	if p.Per == 1 {
		return p.Unit
	}
	return count(p.Per) + " " + p.Unit + "s"
}

// number writes 0.0055 as "0.0055" and 4 as "4".
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// dollars writes an amount with cents and thousands.
func dollars(v float64) string {
	s := strconv.FormatFloat(math.Round(v*100)/100, 'f', 2, 64)
	whole, cents, _ := strings.Cut(s, ".")
	return thousands(whole) + "." + cents
}

// count writes a quantity, with two significant digits where it is small and no whole number.
func count(v float64) string {
	if v != math.Trunc(v) && v < 10 {
		return strconv.FormatFloat(math.Round(v*1e5)/1e5, 'g', 2, 64)
	}
	return thousands(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// WriteJSON writes the report as one indented object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
