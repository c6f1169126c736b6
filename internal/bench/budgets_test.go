package bench_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/bench"
	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func budgets(t *testing.T) bench.BudgetFile {
	t.Helper()
	b, err := bench.Budgets()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// root is the module's directory.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A budget that lies far above what is there would let half a library slip in.
const slack = 1.15

func TestZipsStayWithinTheirBudgets(t *testing.T) {
	dir, work, b := root(t), t.TempDir(), budgets(t)
	slots := make(chan struct{}, 2) // each is a link
	var wait sync.WaitGroup
	for arch, limits := range b.Zips {
		for name, budget := range limits {
			wait.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				size, err := bench.ZipSize(context.Background(), dir, name, arch, work)
				switch {
				case err != nil:
					t.Error(err)
				case size > int64(budget.Limit):
					t.Errorf("%s for %s has %d bytes, its budget is %d (%s); find what came in by `go list -deps` or raise the budget with a reason",
						name, arch, size, budget.Limit, budget.Why)
				case float64(size)*slack < float64(budget.Limit):
					t.Errorf("%s for %s has %d bytes and a budget of %d; lower the budget, so that it guards something", name, arch, size, budget.Limit)
				}
			})
		}
	}
	wait.Wait()
}

func TestAllocationsStayWithinTheirBudgets(t *testing.T) {
	for name, budget := range budgets(t).Allocations {
		n := bench.Allocations(settings.Function(name))
		if n > float64(budget.Limit)*raceFactor {
			t.Errorf("one call of %s makes %.0f allocations, its budget is %d (%s)", name, n, budget.Limit, budget.Why)
		}
	}
}

func TestCallsToAWSStayWithinTheirBudgets(t *testing.T) {
	counted, err := bench.Calls(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, limits := range budgets(t).Calls {
		calls := counted[settings.Function(name)]
		for operation, n := range calls {
			if n > limits[operation].Limit {
				t.Errorf("%s calls %s %d times, its budget is %d; every call is time, money and a permission", name, operation, n, limits[operation].Limit)
			}
		}
		for operation, budget := range limits {
			if calls[operation] < budget.Limit {
				t.Errorf("%s calls %s %d times and has a budget of %d; lower it", name, operation, calls[operation], budget.Limit)
			}
		}
	}
}

func TestEveryFunctionHasBudgetsAndEveryBudgetAReason(t *testing.T) {
	b, names := budgets(t), build.Names()
	same := func(what string, got []string) {
		t.Helper()
		slices.Sort(got)
		if !slices.Equal(got, names) {
			t.Errorf("%s has budgets for %v, the functions are %v", what, got, names)
		}
	}
	same("allocations", slices.Collect(maps.Keys(b.Allocations)))
	same("calls", slices.Collect(maps.Keys(b.Calls)))
	all := []map[string]bench.Budget{b.Allocations}
	for arch, limits := range b.Zips {
		same("zips for "+arch, slices.Collect(maps.Keys(limits)))
		all = append(all, limits)
	}
	for _, limits := range b.Calls {
		all = append(all, limits)
	}
	for _, limits := range all {
		for name, budget := range limits {
			if budget.Why == "" || budget.Limit <= 0 {
				t.Errorf("the budget of %s is %d because %q; it needs a number and a reason", name, budget.Limit, budget.Why)
			}
		}
	}
	if len(b.Zips) != 2 {
		t.Errorf("zips have budgets for %d architectures, Lambda has two", len(b.Zips))
	}
}
