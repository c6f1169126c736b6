package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A query is one metric of the last hour.
type query struct {
	namespace, metric, statistic string
	dimension, value             string
	// judge returns a finding for the value; Right for one that is as it should be.
	judge func(value float64) Finding
}

// above judges a value by a limit.
func above(limit float64, level Level, id, format, remedy string) func(float64) Finding {
	return func(value float64) Finding {
		if value <= limit {
			return Finding{Level: Right}
		}
		return Finding{ID: id, Level: level, What: fmt.Sprintf(format, value), Remedy: remedy}
	}
}

// Lines of the last hour. SES reviews an account at a bounce rate of 5 % and a complaint rate of
// 0.1 %; a function ends itself after 4,000 ms.
const (
	bounceLine    = 0.05
	complaintLine = 0.001
	slowMillis    = 3000
)

func (e *exam) queries() []query {
	own := func(m settings.Metric, level Level, what, remedy string) query {
		return query{settings.Namespace, string(m), "Sum", settings.Dimension, e.EmailOTP.PoolID,
			above(0, level, "hour-"+strings.ToLower(string(m)), "%.0f "+what, remedy)}
	}
	all := []query{
		own(settings.Faults, Broken, "functions failed closed",
			"look at the reason in their logs; docs/runbook.md, Alarm: Faults"),
		own(settings.MailsUncertain, Doubtful, "mails got no answer of SES", "docs/runbook.md, Mails are late"),
		own(settings.MailsThrottled, Broken, "mails were not sent, because SES throttled",
			"docs/runbook.md, Alarm: ThrottledMails"),
		own(settings.PoolMailsRefusedVerified, Broken, "mails to verified addresses were refused by the pool's quota",
			"docs/runbook.md, Alarm: VerifiedQuota"),
		own(settings.PoolMailsRefusedUnverified, Doubtful, "mails to newcomers were refused by the pool's quota",
			"docs/runbook.md, Alarm: UnverifiedQuota"),
		own(settings.PoolMailsRefusedUnknown, Doubtful, "decoys were refused by the pool's quota",
			"docs/runbook.md, Alarm: UnknownQuota"),
		own(settings.GuessesRefused, Doubtful, "answers were refused because guesses were spent",
			"docs/runbook.md, Alarm: GuessesRefused"),
		{"AWS/SES", "Reputation.BounceRate", "Average", "", "", above(bounceLine, Broken, "bounce-rate",
			"the SES account's bounce rate is %.3f, above the 0.05 at which SES reviews it", "docs/runbook.md, A bounce wave")},
		{"AWS/SES", "Reputation.ComplaintRate", "Average", "", "", above(complaintLine, Broken, "complaint-rate",
			"the SES account's complaint rate is %.4f, above the 0.001 at which SES reviews it",
			"docs/runbook.md, Alarm: ComplaintRate")},
	}
	if e.EmailOTP.Page != nil {
		all = append(all, own(settings.PageFaults, Broken, "requests to the sign-in page's function failed",
			"docs/runbook.md, Alarm: PageFaults"),
			own(settings.SignInsRevoked, Doubtful, "sign-ins were revoked, because their code was used by another",
				"docs/runbook.md, Alarm: SignInsRevoked"))
	}
	if s := e.EmailOTP.Settings; e.EmailOTP.Mode == settings.Password && s.CustomMessages && !s.InvitationByMail {
		all = append(all, own(settings.InvitationsMailed, Doubtful,
			"invitations were mailed, each with a temporary password to the mailbox to which codes go",
			"have the program that calls AdminCreateUser pass MessageAction SUPPRESS, or accept it by InvitationByMail"))
	}
	for _, f := range e.present() {
		if f.Name == "" || f.name == settings.AttachUserPool {
			continue
		}
		name := f.name
		all = append(all, query{"AWS/Lambda", "Throttles", "Sum", "FunctionName", f.Name, above(0, Broken, "hour-throttles",
			"%.0f calls of "+string(name)+" were refused by Lambda", "docs/runbook.md, Alarm: Throttles")})
		if slices.Contains(settings.Triggers(e.EmailOTP.Mode), name) {
			all = append(all, query{"AWS/Lambda", "Duration", "p99", "FunctionName", f.Name,
				above(slowMillis, Doubtful, "hour-duration",
					"the 99th percentile of "+string(name)+"'s duration is %.0f ms; it ends itself after 4,000",
					"docs/runbook.md, Alarm: Duration")})
		}
	}
	return all
}

// lastHour judges the metrics of the last hour, all by one call.
func lastHour(ctx context.Context, e *exam) {
	if e.EmailOTP.PoolID == "" {
		return
	}
	all := e.queries()
	now := e.Now().UTC().Truncate(time.Minute)
	params := url.Values{"StartTime": {now.Add(-time.Hour).Format(time.RFC3339)}, "EndTime": {now.Format(time.RFC3339)}}
	for i, q := range all {
		at := fmt.Sprintf("MetricDataQueries.member.%d.", i+1)
		params.Set(at+"Id", fmt.Sprintf("m%d", i))
		params.Set(at+"MetricStat.Period", "3600")
		params.Set(at+"MetricStat.Stat", q.statistic)
		params.Set(at+"MetricStat.Metric.Namespace", q.namespace)
		params.Set(at+"MetricStat.Metric.MetricName", q.metric)
		if q.dimension != "" {
			params.Set(at+"MetricStat.Metric.Dimensions.member.1.Name", q.dimension)
			params.Set(at+"MetricStat.Metric.Dimensions.member.1.Value", q.value)
		}
	}
	var answer struct {
		Results []struct {
			ID     string    `xml:"Id"`
			Values []float64 `xml:"Values>member"`
		} `xml:"GetMetricDataResult>MetricDataResults>member"`
	}
	if e.fails("last hour", e.API.Query(ctx, awsapi.CloudWatch, "GetMetricData", params, &answer)) {
		return
	}
	trouble := false
	for _, r := range answer.Results {
		var i int
		if _, err := fmt.Sscanf(r.ID, "m%d", &i); err != nil || i < 0 || i >= len(all) {
			continue
		}
		highest, sum := 0.0, 0.0
		for _, v := range r.Values {
			highest, sum = max(highest, v), sum+v
		}
		if all[i].statistic == "Sum" {
			highest = sum
		}
		if f := all[i].judge(highest); f.Level != Right {
			f.Area, trouble = "last hour", true
			e.add(f)
		}
	}
	if !trouble {
		e.right("last hour", "hour", "no fault, no throttle, no refused mail in the last hour")
	}
}
