package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

func (e *emailOTP) Grant(grantee awsiam.IGrantable, actions ...*string) awsiam.Grant {
	return e.pool.Grant(grantee, actions...)
}

func (e *emailOTP) GrantAdminCreateUser(grantee awsiam.IGrantable) awsiam.Grant {
	return e.pool.Grant(grantee, jsii.String("cognito-idp:AdminCreateUser"))
}

func (e *emailOTP) GrantReadUsers(grantee awsiam.IGrantable) awsiam.Grant {
	return e.pool.Grant(grantee, *jsii.Strings("cognito-idp:AdminGetUser", "cognito-idp:ListUsers")...)
}

func (e *emailOTP) GrantManageUsers(grantee awsiam.IGrantable) awsiam.Grant {
	return e.pool.Grant(grantee, *jsii.Strings("cognito-idp:AdminDeleteUser", "cognito-idp:AdminDisableUser",
		"cognito-idp:AdminEnableUser", "cognito-idp:AdminGetUser", "cognito-idp:AdminUserGlobalSignOut",
		"cognito-idp:ListUsers")...)
}
