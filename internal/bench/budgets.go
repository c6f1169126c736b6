package bench

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed budgets.json
var budgetsFile []byte

// A Budget is a limit, with its reason.
type Budget struct {
	Limit int    `json:"limit"`
	Why   string `json:"why"`
}

// BudgetFile is budgets.json: what holds on every machine and is therefore tested, by function.
type BudgetFile struct {
	// Zips are sizes in bytes, by GOARCH and function.
	Zips map[string]map[string]Budget `json:"zips"`
	// Allocations are those of one call with stand-ins for all that lies outside.
	Allocations map[string]Budget `json:"allocations"`
	// Calls are requests to AWS of one call, by function and operation. An operation that isn't named
	// may not be called.
	Calls map[string]map[string]Budget `json:"calls"`
}

// Budgets returns the budgets of this repository.
func Budgets() (BudgetFile, error) {
	var b BudgetFile
	d := json.NewDecoder(bytes.NewReader(budgetsFile))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, fmt.Errorf("budgets.json: %w", err)
	}
	return b, nil
}
