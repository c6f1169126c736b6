package runtimeapi

import (
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/shims"
)

// Environment returns the environment of a function's processes, without the address of the Runtime
// API. It has nothing of the user's own. Lambda's variables override the template's, the sandbox's
// endpoints both.
func Environment(f Function, region, taskRoot string) map[string]string {
	e := map[string]string{}
	for name, value := range f.Environment {
		e[name] = value
	}
	for name, value := range map[string]string{
		"_HANDLER":                        f.Handler,
		"AWS_REGION":                      region,
		"AWS_DEFAULT_REGION":              region,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      time.Now().UTC().Format("2006/01/02") + "/[$LATEST]sandbox",
		"AWS_ACCESS_KEY_ID":               f.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           f.SecretKey,
		"AWS_SESSION_TOKEN":               "sandbox",
		"LAMBDA_TASK_ROOT":                taskRoot,
		"LAMBDA_RUNTIME_DIR":              "/var/runtime",
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"PATH":                            "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		// The SDK must find neither the user's profiles nor a machine's role.
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
	} {
		e[name] = value
	}
	if runtime.GOOS == "windows" {
		e["SYSTEMROOT"] = os.Getenv("SYSTEMROOT") // sockets don't work without it
	}
	for name, value := range f.Endpoints {
		e[name] = value
	}
	// Undefined for OS-only runtimes. With the last one lambda-go would serve RPC.
	for _, name := range []string{"AWS_EXECUTION_ENV", "_X_AMZN_TRACE_ID", "_LAMBDA_SERVER_PORT"} {
		delete(e, name)
	}
	if shims.Runs(f.Runtime) {
		e["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + f.Runtime
		for _, name := range []string{"NODE_PATH", "PYTHONPATH"} {
			if paths := append(filepath.SplitList(e[name]), f.Modules...); len(paths) > 0 {
				e[name] = strings.Join(paths, string(os.PathListSeparator))
			}
		}
	}
	return e
}

// environment is Environment, with the directory of the function's interpreter on PATH.
func (f *function) environment() map[string]string {
	e := Environment(f.Function, f.host.opts.Region, f.root)
	if shims.Runs(f.Runtime) {
		e["PATH"] = filepath.Dir(f.command[0]) + string(os.PathListSeparator) + e["PATH"]
	}
	return e
}

func list(e map[string]string) []string {
	all := make([]string, 0, len(e))
	for name, value := range e {
		all = append(all, name+"="+value)
	}
	sort.Strings(all)
	return all
}
