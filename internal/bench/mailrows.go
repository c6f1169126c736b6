package bench

import (
	"context"
	"encoding/json"
	"runtime"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// mailTimes measures what a mail costs beside its bare encoding as JSON, which every sender has to do.
func mailTimes(ctx context.Context, r *run) error {
	c := trigger.MailConfig(functionSettings(settings.Passwordless))
	m := mail.Message{To: "user@example.com", Code: "12345678", ExpiresIn: 5 * time.Minute, RequestedAt: time.Now(), Zoneinfo: "Europe/Berlin"}
	for _, tag := range []string{"en", "ar"} {
		m.Locale = tag
		warm, err := mail.New(c)
		if err != nil {
			return err
		}
		written, err := warm.Render(m)
		if err != nil {
			return err
		}
		render := func() { _, _ = warm.Render(m) }        // it has just succeeded
		encode := func() { _, _ = json.Marshal(written) } // strings alone
		first := func() {
			if fresh, err := mail.New(c); err == nil {
				_, _ = fresh.Render(m)
			}
		}
		n := r.samples(200, 20)
		runtime.GC()
		var firsts, renders, encodes []float64
		for range n {
			firsts = append(firsts, timed(ctx, 1, 4, first)...)
			renders = append(renders, timed(ctx, 1, 20, render)...)
			encodes = append(encodes, timed(ctx, 1, 20, encode)...)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.add(Row{What: tag + ": the first mail of a process", Value: sample("s", firsts...), Baseline: sample("s", encodes...), Of: "encoding it as JSON", Target: valueAtMost(1e-3)})
		r.add(Row{What: tag + ": each further mail", Value: sample("s", renders...), Baseline: sample("s", encodes...), Of: "encoding it as JSON", Target: valueAtMost(100e-6)})
	}
	return nil
}
