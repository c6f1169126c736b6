package bench_test

import (
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// zipSizes has the command weigh the zips: packing them takes ten times as long in a test binary with
// the race detector.
func zipSizes(t *testing.T) map[string]int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./internal/bench/cmd/bench", "-only", "size", "-json")
	cmd.Dir = root(t)
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, words.String())
	}
	var report bench.Report
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for _, row := range report.Rows {
		if row.Value == nil {
			t.Fatalf("%s: %s", row.What, row.Missing)
		}
		sizes[row.What] = int(row.Value.Median)
	}
	return sizes
}

func TestZipsStayWithinTheirBudgets(t *testing.T) {
	sizes := zipSizes(t)
	for arch, limits := range budgets(t).Zips {
		for name, budget := range limits {
			switch size := sizes[name+" for "+arch]; {
			case size == 0:
				t.Errorf("%s for %s was not weighed", name, arch)
			case size > budget.Limit:
				t.Errorf("%s for %s has %d bytes, its budget is %d (%s); find what came in by `go list -deps` or raise the budget with a reason",
					name, arch, size, budget.Limit, budget.Why)
			case float64(size)*slack < float64(budget.Limit):
				t.Errorf("%s for %s has %d bytes and a budget of %d; lower the budget, so that it guards something", name, arch, size, budget.Limit)
			}
		}
	}
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
