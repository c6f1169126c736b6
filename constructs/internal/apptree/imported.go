package apptree

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
)

// CheckImported reports problems with the place of an imported pool.
func CheckImported(pool awscognito.IUserPool, here awscdk.Stack) []string {
	path := *pool.Node().Path()
	if pool.Node().Root() != here.Node().Root() {
		return []string{fmt.Sprintf("UserPool %s belongs to another app; import it in stack %s", path, *here.Node().Path())}
	}
	if there := *pool.Env().Region; !mayEqual(there, *here.Region()) {
		return []string{fmt.Sprintf("UserPool %s is in %s, and a pool calls functions of its own Region alone "+
			"(the stack %s is in %s); create the EmailOTP in a stack of %s", path, there, *here.Node().Path(),
			*here.Region(), there)}
	}
	if there := *pool.Env().Account; !mayEqual(there, *here.Account()) {
		return []string{fmt.Sprintf("UserPool %s is of account %s, and the stack %s of account %s; "+
			"create the EmailOTP in a stack of the pool's account", path, there, *here.Node().Path(), *here.Account())}
	}
	return nil
}
