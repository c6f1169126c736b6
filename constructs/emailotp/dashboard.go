package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

// DashboardProps configures [EmailOTP.AddDashboard].
type DashboardProps struct {
	// Dashboard receives the rows: one dashboard may show several EmailOTPs. Default: a new one.
	Dashboard awscloudwatch.Dashboard
	// DashboardName is the name of a new dashboard. It can't go with Dashboard. Default: generated.
	DashboardName *string
	// Title is the heading of the rows. Default: the construct's path.
	Title *string
	// ChangeAddress is the function of the sign-in page, page.ChangeAddress(), whose counts get a
	// row then. Default: none.
	ChangeAddress awslambda.Function
}

func (e *emailOTP) AddDashboard(props *DashboardProps) awscloudwatch.Dashboard {
	var p DashboardProps
	if props != nil {
		p = *props
	}
	if p.Dashboard != nil && p.DashboardName != nil {
		refuse(*e.Node().Path(), []string{"AddDashboard: DashboardName can't go with Dashboard, which has a name already"})
	}
	title := *e.Node().Path()
	if p.Title != nil {
		title = *p.Title
	}
	return e.monitor().AddDashboard(p.Dashboard, p.DashboardName, title, p.ChangeAddress)
}
