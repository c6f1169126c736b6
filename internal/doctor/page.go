package doctor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const pageArea = "sign-in page"

// page looks at the sign-in page that the stack has: what serves its files and its endpoints, and
// whether they answer.
func page(ctx context.Context, e *exam) {
	if e.EmailOTP.Page == nil || e.pageAPI() == "" { // without the stack's resources there are no names
		return
	}
	var wg sync.WaitGroup
	for _, check := range []func(context.Context){e.distribution, e.pageStage, e.pageBucket, e.pageCodes, e.pageSecret} {
		wg.Go(func() { check(ctx) })
	}
	wg.Wait()
}

// pageAPI returns the id of the page's HTTP API.
func (e *exam) pageAPI() string { return e.EmailOTP.Page.Part("AWS::ApiGatewayV2::Api") }

// missing reports a part of the page that AWS does not have.
func (e *exam) missing(id, what string) {
	e.add(Finding{ID: id, Level: Broken, Area: pageArea, What: what + " does not exist",
		Command: e.EmailOTP.Page.Deploy(),
		Remedy:  "deploy the stack again with a change that creates it, such as another construct id of the page"})
}

// distribution is the part of CloudFront's description that is read.
type distribution struct {
	Status, DomainName string
	Config             struct {
		Enabled bool
		Aliases []string `xml:"Aliases>Items>CNAME"`
		WebACL  string   `xml:"WebACLId"`
		Default behavior `xml:"DefaultCacheBehavior"`
		Origins []struct {
			ID         string `xml:"Id"`
			DomainName string
			Access     string `xml:"OriginAccessControlId"`
		} `xml:"Origins>Items>Origin"`
		Behaviors []behavior `xml:"CacheBehaviors>Items>CacheBehavior"`
	} `xml:"DistributionConfig"`
}

type behavior struct {
	PathPattern string
	Origin      string `xml:"TargetOriginId"`
}

// origin returns the domain name of a behaviour's origin.
func (d *distribution) origin(b behavior) (domain, access string) {
	for _, o := range d.Config.Origins {
		if o.ID == b.Origin {
			return o.DomainName, o.Access
		}
	}
	return "", ""
}

// host returns the page's host name.
func (d *distribution) host() string {
	if len(d.Config.Aliases) > 0 {
		return d.Config.Aliases[0]
	}
	return d.DomainName
}

// paths are the patterns that must lead to the page's functions.
func (e *exam) paths() (all []string) {
	all = settings.HandOverPaths()
	if _, changes := e.EmailOTP.Page.Functions[settings.ChangeAddress]; changes {
		all = append(all, settings.ChangeAddressPaths()...)
	}
	for i, path := range all {
		all[i] = strings.Replace(path, "{proxy+}", "*", 1)
	}
	return all
}

// distribution looks at the distribution and at its web ACL, and sends requests to the page.
func (e *exam) distribution(ctx context.Context) {
	id := e.EmailOTP.Page.Part("AWS::CloudFront::Distribution")
	var d distribution
	err := e.API.XML(ctx, awsapi.CloudFront, "GetDistribution", "/2020-05-31/distribution/"+url.PathEscape(id), &d)
	if awsapi.IsNotFound(err) {
		e.missing("page-missing", "the distribution "+id)
		return
	}
	if e.fails(pageArea, err) {
		return
	}
	if !d.Config.Enabled {
		e.add(Finding{ID: "page-disabled", Level: Broken, Area: pageArea, What: "the distribution " + id + " is disabled",
			Remedy:  "enable it (CloudFront console), or deploy the stack again",
			Command: e.EmailOTP.Page.Deploy()})
		return
	}
	if d.Status != "Deployed" {
		e.add(Finding{ID: "page-deploying", Level: Doubtful, Area: pageArea,
			What:   "the distribution's status is " + d.Status + ", so some places serve an older one",
			Remedy: "wait for some minutes, and examine the stack again"})
	}
	e.origins(&d)
	if d.Config.WebACL == "" {
		e.add(Finding{ID: "no-page-limit", Level: Advice, Area: "limits",
			What:   "no web ACL limits the sign-in page's callers",
			Remedy: "pass the ARN of ratelimit.NewCloudFrontRateLimit to the page as WebAclID; see docs/security.md"})
	} else {
		e.right("limits", "page-limits", "a web ACL is in front of the sign-in page (%s)", d.Config.WebACL)
	}
	if !e.API.IsSandbox() {
		e.answers(ctx, d.host())
	}
}

// origins looks whether the distribution leads to the page's bucket and to its functions.
func (e *exam) origins(d *distribution) {
	page := e.EmailOTP.Page
	files, access := d.origin(d.Config.Default)
	if bucket := page.Part("AWS::S3::Bucket"); access == "" || !strings.HasPrefix(files, bucket+".") {
		e.add(Finding{ID: "page-origin", Level: Broken, Area: pageArea, Command: page.Deploy(),
			Remedy: "deploy the stack again",
			What: fmt.Sprintf("the distribution has its files from %s, and not by an origin access control from %s",
				orText(files, "nowhere"), bucket)})
	}
	lacking := slices.DeleteFunc(e.paths(), func(path string) bool {
		return slices.ContainsFunc(d.Config.Behaviors, func(b behavior) bool {
			to, _ := d.origin(b)
			return strings.TrimPrefix(b.PathPattern, "/") == strings.TrimPrefix(path, "/") &&
				strings.HasPrefix(to, e.pageAPI()+".execute-api.")
		})
	})
	if len(lacking) > 0 {
		e.add(Finding{ID: "page-routes", Level: Broken, Area: pageArea, Command: page.Deploy(),
			Remedy: "deploy the stack again",
			What:   "the distribution does not lead to the page's functions: " + strings.Join(lacking, ", ")})
	}
}

// discovery is an endpoint that answers everyone, from the page's function.
const discovery = "/.well-known/openid-configuration"

// answers sends requests to the page as a browser does, and to its API past the distribution, which
// the function must refuse.
func (e *exam) answers(ctx context.Context, host string) {
	var wg sync.WaitGroup
	past := e.pageAPI() + "." + partition.Host("execute-api", e.API.Region(), false)
	for _, r := range []struct {
		Finding
		host, path string
		want       int
	}{
		{Finding{ID: "page-files", What: "the page is answered by", Remedy: "look at the domain's DNS record and certificate, and " +
			"at the files in the bucket; deploy the stack again"}, host, "/", http.StatusOK},
		{Finding{ID: "page-endpoints", What: "the page's function answers by", Remedy: "look at the log of the function HandOver; " +
			"docs/runbook.md, Alarm: PageFaults"}, host, discovery, http.StatusOK},
		{Finding{ID: "page-open", What: "past the distribution and its web ACL the page's API answers by", Remedy: "deploy the " +
			"stack again: the function must refuse what lacks the distribution's secret"}, past, discovery, http.StatusForbidden},
	} {
		wg.Go(func() {
			r.Level, r.Area = Broken, pageArea
			status, err := e.get(ctx, "https://"+r.host+r.path)
			switch {
			case err != nil:
				e.add(Finding{ID: "page-unreached", Level: Unseen, Area: pageArea, What: "https://" + r.host + " did not answer",
					Remedy: "examine the stack where the page can be reached; if users can't reach it either, look at its DNS record"})
			case status != r.want:
				r.What = fmt.Sprintf("%s HTTP status %d, and should by %d", r.What, status, r.want)
				e.add(r.Finding)
			default:
				e.right(pageArea, r.ID, "https://%s%s is answered by %d", r.host, r.path, status)
			}
		})
	}
	wg.Wait()
}

// get returns the status of an answer.
func (e *exam) get(ctx context.Context, address string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	response, err := e.HTTP.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, err
}

// pageStage looks at the HTTP API's only stage and at its throttle.
func (e *exam) pageStage(ctx context.Context) {
	var stage struct {
		DefaultRouteSettings struct{ ThrottlingRateLimit, ThrottlingBurstLimit float64 }
	}
	id := e.pageAPI()
	err := e.API.REST(ctx, awsapi.APIGateway, "GET", http.MethodGet, "/v2/apis/"+url.PathEscape(id)+"/stages/$default",
		&stage)
	if awsapi.IsNotFound(err) {
		e.missing("page-api", "the HTTP API "+id+" or its stage")
		return
	}
	if e.fails(pageArea, err) {
		return
	}
	if s := stage.DefaultRouteSettings; s.ThrottlingRateLimit == 0 || s.ThrottlingBurstLimit == 0 {
		e.add(Finding{ID: "page-throttle", Level: Doubtful, Area: pageArea,
			What:    "the page's HTTP API passes every request on, so a flood uses up the concurrency that sign-ins need",
			Remedy:  "deploy the stack again; the props ThrottlingRateLimit and ThrottlingBurstLimit set it",
			Command: e.EmailOTP.Page.Deploy()})
	} else {
		e.right(pageArea, "page-stage", "the HTTP API passes on %.0f requests a second", s.ThrottlingRateLimit)
	}
}

// pageBucket looks whether the page's files are private: the distribution alone reads them.
func (e *exam) pageBucket(ctx context.Context) {
	name := e.EmailOTP.Page.Part("AWS::S3::Bucket")
	var block struct {
		BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool
	}
	err := e.API.XML(ctx, awsapi.S3, "GetBucketPublicAccessBlock", "/"+url.PathEscape(name)+"?publicAccessBlock=", &block)
	isOpen := awsapi.HasCode(err, "NoSuchPublicAccessBlockConfiguration")
	switch {
	case awsapi.IsNotFound(err) && !isOpen:
		e.missing("page-bucket", "the bucket of the page's files, "+name+",")
	case !isOpen && e.fails(pageArea, err):
	case isOpen || !block.BlockPublicAcls || !block.IgnorePublicAcls || !block.BlockPublicPolicy ||
		!block.RestrictPublicBuckets:
		e.add(Finding{ID: "page-bucket-open", Level: Doubtful, Area: pageArea,
			What:   "the bucket of the page's files does not block public access",
			Remedy: "block it", Command: "aws s3api put-public-access-block --bucket " + name +
				" --public-access-block-configuration " +
				"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"})
	default:
		e.right(pageArea, "page-bucket", "the bucket of the page's files blocks public access")
	}
}

// pageCodes looks at the table of authorization codes.
func (e *exam) pageCodes(ctx context.Context) {
	name := e.EmailOTP.Page.CodesTable
	if name == "" {
		return
	}
	request := map[string]string{"TableName": name}
	var described tableDescription
	err := e.API.JSON(ctx, awsapi.DynamoDB, "DescribeTable", request, &described)
	if awsapi.IsNotFound(err) {
		e.missing("page-codes", "the table of authorization codes, "+name+",")
		return
	}
	if e.fails(pageArea, err) {
		return
	}
	if !e.isActive(&described, Finding{ID: "page-codes-status", Area: pageArea,
		What: "the table of authorization codes is ", Remedy: "wait until it is ACTIVE, or deploy the stack again",
		Command: e.EmailOTP.Page.Deploy()}) {
		return
	}
	e.timeToLive(ctx, pageArea, "page-codes-ttl", request)
	e.right(pageArea, "page-codes", "the table of authorization codes is there")
}

// pageSecret looks at the secret by which the page's functions recognise its distribution.
func (e *exam) pageSecret(ctx context.Context) {
	arn := e.EmailOTP.Page.OriginSecret
	if arn == "" {
		return
	}
	var secret struct{ DeletedDate float64 }
	err := e.API.JSON(ctx, awsapi.Secrets, "DescribeSecret", map[string]string{"SecretId": arn}, &secret)
	if awsapi.IsNotFound(err) {
		e.missing("page-secret", "the secret of the page's distribution")
		return
	}
	if e.fails(pageArea, err) {
		return
	}
	if secret.DeletedDate != 0 {
		e.add(Finding{ID: "page-secret-deletion", Level: Broken, Area: pageArea,
			What:   "the secret of the page's distribution waits for its deletion, so the page's functions refuse every request",
			Remedy: "restore it", Command: "aws secretsmanager restore-secret --secret-id " + arn})
		return
	}
	e.right(pageArea, "page-secret", "the secret of the page's distribution is there")
}
