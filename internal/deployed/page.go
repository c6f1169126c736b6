package deployed

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Page is a deployed sign-in page.
type Page struct {
	Template // of its stack
	// Construct is the part of its logical ids that the page's path is.
	Construct string
	// Functions are [settings.HandOver] and, where users may change their address,
	// [settings.ChangeAddress].
	Functions map[settings.Function]Function
	// CodesTable is the table of authorization codes, OriginSecret the ARN of the secret that the
	// distribution sends.
	CodesTable, OriginSecret string
}

// Owns reports whether the resource of the page's stack with this logical id is the page's.
func (p *Page) Owns(id string) bool { return p.owner(id) == p.Construct }

// Part returns what CloudFormation calls the page's first resource of a type; empty for none.
func (p *Page) Part(kind string) string {
	for _, id := range p.find(p.Construct, kind) {
		return p.Resources[id].PhysicalID
	}
	return ""
}

// FindPage looks for the sign-in page in other stacks, where the EmailOTP's own has none. What
// can't be read stands in Problems.
//
// A page's files hold the id of the EmailOTP's app client. So the page's stack imports the id, or
// is nested and receives it, or is the stack that the EmailOTP's is nested in.
func (e *EmailOTP) FindPage(ctx context.Context, api *awsapi.Client) {
	if e.Page != nil || e.clientLogicalID == "" {
		return
	}
	e.findNeighbors(ctx, api)
	templates, errs := make([]*Template, len(e.neighbors)), make([]error, len(e.neighbors))
	pages := make([]map[string]map[settings.Function]Function, len(e.neighbors))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 3) // three calls each, and CloudFormation allows some ten a second
	for i, name := range e.neighbors {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if templates[i], errs[i] = read(ctx, api, name); errs[i] == nil {
				pages[i] = templates[i].describePages(ctx, api)
			}
		})
	}
	wg.Wait()
	for i, t := range templates {
		switch err := errs[i]; {
		case err == nil:
			e.takePage(t, pages[i])
		case !errors.Is(err, errNotJSON): // else another tool's stack
			e.Problems, e.isPageUnknown = append(e.Problems, err), true
		}
	}
}

// findNeighbors finds the stacks that receive the app client's id, and the one around this one.
func (e *EmailOTP) findNeighbors(ctx context.Context, api *awsapi.Client) {
	isClient := func(value any) bool {
		reference, _ := value.(map[string]any)
		return reference["Ref"] == e.clientLogicalID
	}
	e.neighbors = appendStack(nil, e.parent)
	e.neighbors = append(e.neighbors, e.nested(func(r Resource) bool {
		parameters, _ := r.Properties["Parameters"].(map[string]any)
		return slices.ContainsFunc(slices.Collect(maps.Values(parameters)), isClient)
	})...)
	for _, o := range e.outputs {
		if name, isExact := e.Resolve(o.Export.Name); isExact && isClient(o.Value) {
			e.exports = append(e.exports, name)
		}
	}
	for _, export := range e.exports {
		names, err := importers(ctx, api, export)
		if err != nil {
			e.Problems, e.isPageUnknown = append(e.Problems, err), true
		}
		e.neighbors = append(e.neighbors, names...)
	}
	slices.Sort(e.neighbors)
	e.neighbors = slices.Compact(e.neighbors)
}

// importers lists the stacks that import an export.
func importers(ctx context.Context, api *awsapi.Client, export string) (all []string, err error) {
	params := url.Values{"ExportName": {export}}
	for {
		var page struct {
			Names []string `xml:"ListImportsResult>Imports>member"`
			Next  string   `xml:"ListImportsResult>NextToken"`
		}
		err := api.Query(ctx, awsapi.CloudFormation, "ListImports", params, &page)
		if awsapi.HasCode(err, "ValidationError") { // CloudFormation's answer where nothing imports it
			return all, nil
		}
		if all = append(all, page.Names...); err != nil || page.Next == "" {
			return all, err
		}
		params.Set("NextToken", page.Next)
	}
}

// describePages asks Lambda for the functions of the stack's sign-in pages.
func (s *Template) describePages(ctx context.Context, api *awsapi.Client) map[string]map[settings.Function]Function {
	all := map[string]map[settings.Function]Function{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for page, ids := range s.constructs() {
		if ids[settings.HandOver] == "" {
			continue
		}
		wg.Go(func() {
			functions := s.describe(ctx, api, ids)
			mu.Lock()
			defer mu.Unlock()
			all[page] = functions
		})
	}
	wg.Wait()
	return all
}

// takePage takes the EmailOTP's page among those of a stack: by its user pool or, where Lambda did
// not answer, as the only one.
func (e *EmailOTP) takePage(s *Template, pages map[string]map[settings.Function]Function) {
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		variables := pages[page][settings.HandOver].Lambda.Environment.Variables
		if e.Page == nil && (variables[settings.PoolVariable] == e.PoolID || len(pages) == 1 && variables == nil) {
			e.Page = &Page{Template: *s, Construct: page, Functions: pages[page],
				CodesTable: variables[settings.CodesVariable], OriginSecret: variables[settings.OriginSecretVariable]}
		}
	}
}
