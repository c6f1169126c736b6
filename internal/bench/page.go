package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// amplifyAlone is a program that signs in by Amplify and shows nothing.
const amplifyAlone = `import { Amplify } from "@aws-amplify/core";
import { confirmSignIn, fetchAuthSession, signIn, signOut, signUp } from "@aws-amplify/auth";
globalThis.page = { Amplify, confirmSignIn, fetchAuthSession, signIn, signOut, signUp };`

// pageBundle weighs what a browser loads for the sign-in page.
func pageBundle(ctx context.Context, r *run) error {
	modules, err := webbundle.Install(ctx, r.opts.CacheDir, func(s string) { r.say("         %s", s) })
	if err != nil {
		return err
	}
	var times, bareTimes []float64
	var first, bare float64
	for range r.samples(5, 2) {
		began := time.Now()
		b, err := webbundle.Build(web.Sources(), modules)
		if err != nil {
			return err
		}
		times = append(times, time.Since(began).Seconds())
		began = time.Now()
		script, err := bundleText(amplifyAlone, modules)
		if err != nil {
			return err
		}
		bareTimes = append(bareTimes, time.Since(began).Seconds())
		first, bare = firstLoad(b), gzipped(script)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	r.add(Row{What: "bundling", Value: sample("s", times...), Baseline: sample("s", bareTimes...), Of: "Amplify alone"})
	r.add(Row{What: "page, style and scripts but for the language, gzipped", Value: sample("B", first), Baseline: sample("B", bare), Of: "Amplify alone"})
	return nil
}

// firstLoad sums what is loaded before a language is: page, style, and scripts that are no language's.
func firstLoad(b *webbundle.Bundle) float64 {
	sum := 0.0
	for _, f := range b.Files() {
		name := filepath.Base(f.Name)
		if strings.HasPrefix(name, "main-") || strings.HasPrefix(name, "page-") || f.Name == webbundle.IndexName {
			sum += gzipped(f.Body)
		}
	}
	return sum
}

func gzipped(b []byte) float64 {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is one
	}
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return float64(out.Len())
}

func bundleText(source, modules string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{Contents: source, ResolveDir: modules, Loader: api.LoaderJS}, Outfile: "out.js",
		Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ES2022, TreeShaking: api.TreeShakingTrue,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
		NodePaths: []string{filepath.Join(modules, "node_modules")}, LogLevel: api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		return nil, errors.New("bundle Amplify alone: " + result.Errors[0].Text)
	}
	return result.OutputFiles[0].Contents, nil
}
