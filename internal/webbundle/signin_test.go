package webbundle_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// stub replaces Amplify: it notes each call with its user name and returns nothing of use.
const stub = `
globalThis.calls = [];
const call = (name) => async (input) => {
  if (name !== "fetchAuthSession") globalThis.calls.push(input?.username ? name + " " + input.username : name);
  return { tokens: undefined, nextStep: {} };
};
export const [confirmSignIn, fetchAuthSession, signIn, signOut, signUp] =
  ["confirmSignIn", "fetchAuthSession", "signIn", "signOut", "signUp"].map(call);`

// inNode runs TypeScript beside the modules of web/src/signin, and reads what it passes to report.
func inNode[T any](t *testing.T, script string) (reported T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is not on PATH")
		}
		t.Skip("node is not on PATH, without which no TypeScript runs")
	}
	amplify := api.Plugin{Name: "amplify", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^aws-amplify/auth$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "auth", Namespace: "stub"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "stub"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			text := stub
			return api.OnLoadResult{Contents: &text}, nil
		})
	}}
	built := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{Contents: "const report = (v) => console.log(JSON.stringify(v));\n" + script,
			ResolveDir: "../../web/src/signin", Loader: api.LoaderTS},
		Bundle: true, Format: api.FormatESModule, Charset: api.CharsetUTF8, Plugins: []api.Plugin{amplify},
	})
	if len(built.Errors) > 0 {
		t.Fatalf("bundling the script: %v", built.Errors[0].Text)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	cmd.Stdin = strings.NewReader(string(built.OutputFiles[0].Contents))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, &reported); err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	return reported
}

func cases[T any](t *testing.T, path string) (text string, all []T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return string(data), all
}

// The trigger functions are tested against the same table.
func TestThePageAcceptsTheAddressesThatCanBeMailed(t *testing.T) {
	t.Parallel()
	table, want := cases[struct {
		Address, Normalized, Why string
		OK                       bool
	}](t, "../mail/testdata/addresses.json")
	got := inNode[[]struct {
		Normalized string
		OK, Shaped bool
	}](t, `import { isAddressShaped, isMailable, normalizeAddress } from './address';
		report(`+table+`.map(({ address }) => {
			const normalized = normalizeAddress(address);
			return { normalized, ok: isMailable(normalized), shaped: isAddressShaped(normalized) };
		}))`)
	for i, w := range want {
		if g := got[i]; g.Normalized != w.Normalized || g.OK != w.OK {
			t.Errorf("%s: %q becomes %q, mailable %t; want %q, %t", w.Why, w.Address, g.Normalized, g.OK, w.Normalized, w.OK)
		}
		if got[i].OK && !got[i].Shaped {
			t.Errorf("%s: %q can be mailed to and is called incomplete", w.Why, w.Address)
		}
	}
}

// The trigger functions are tested against the same table.
func TestThePageReadsCodesAsTheServerDoes(t *testing.T) {
	t.Parallel()
	table, want := cases[struct {
		Typed, Code, Why string
		Digits           int
		OK               bool
	}](t, "../otp/testdata/answers.json")
	got := inNode[[]string](t, `import { digits } from './challenge';
		report(`+table+`.map(({ typed }) => digits(typed)))`)
	for i, w := range want {
		if ok := len(got[i]) == w.Digits; ok != w.OK || ok && got[i] != w.Code {
			t.Errorf("%s: %.40q becomes %q, want %q of %d digits: %t", w.Why, w.Typed, got[i], w.Code, w.Digits, w.OK)
		}
	}
}

func TestAnAddressThatCannotBeMailedIsNeverSent(t *testing.T) {
	t.Parallel()
	got := inNode[map[string]string](t, `import { EmailSignIn } from './signin';
		const seen = {};
		for (const address of ['jane', 'jane@localhost', 'jane..doe@example.com', 'jos\u00e9@example.com', ' \u202aJane@example.com\u202c']) {
			for (const action of ['start', 'signUp']) {
				globalThis.calls = [];
				const result = await new EmailSignIn({ mode: 'passwordless' })[action](address).catch((problem) => problem);
				seen[address + ' ' + action] = [result.id ?? result.step, ...globalThis.calls].join(', ');
			}
		}
		report(seen)`)
	for call, want := range map[string]string{
		"jane start": "invalid-email", "jane signUp": "invalid-email", "jane@localhost start": "invalid-email",
		"jane..doe@example.com start": "unmailable-email", "jane..doe@example.com signUp": "unmailable-email",
		"josé@example.com start": "unmailable-email",
		// One that can be mailed to is sent in its clean form.
		" \u202aJane@example.com\u202c start": "configuration, signIn Jane@example.com",
	} {
		if got[call] != want {
			t.Errorf("%q: %s, want %s", call, got[call], want)
		}
	}
}

// No sentence of a pool without passwords speaks of one.
func TestInPasswordlessModeNoProblemIsOfAPassword(t *testing.T) {
	t.Parallel()
	ids := inNode[[]string](t, `import { problemOf } from './problem';
		const ids = new Set();
		for (const name of ['NotAuthorizedException', 'UserNotFoundException', 'InvalidPasswordException', 'PasswordResetRequiredException',
			'UserNotConfirmedException', 'TooManyRequestsException', 'UserLambdaValidationException', 'QuotaExceededError', 'Other']) {
			for (const message of ['Incorrect username or password.', 'Password attempts exceeded', 'User is disabled.', 'Invalid session for the user.',
				'Temporary password has expired and must be reset by an administrator.', 'failed with error x (emailotp:unavailable).']) {
				for (const phase of ['start', 'sign-up', 'code', 'session'] as const) {
					ids.add(problemOf(Object.assign(new Error(message), { name }), phase, false).id);
				}
			}
		}
		report([...ids])`)
	english := catalog(t, "en")
	for _, id := range ids {
		if sentence := english["problems."+id]; sentence == "" || strings.Contains(strings.ToLower(sentence), "password") {
			t.Errorf("the problem %s has the sentence %q", id, sentence)
		}
	}
	if !strings.Contains(fmt.Sprint(ids), "no-attempts-left") || !strings.Contains(fmt.Sprint(ids), "storage") {
		t.Errorf("the problems are %v", ids)
	}
}

// A clock that is set while the code's screen is open changes no countdown, nor does one that is wrong.
func TestTimesFollowASteadyClock(t *testing.T) {
	t.Parallel()
	got := inNode[[]int](t, `import { challengeOf, steady } from './challenge';
		import { recall, remember } from './memory';
		const kept = new Map();
		globalThis.sessionStorage = { getItem: (k) => kept.get(k), setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
		const times = { now: '2026-11-21T06:25:00Z', expiresAt: '2026-11-21T06:30:00Z', resendAvailableAt: '2026-11-21T06:25:30Z' };
		const minutes = (at) => Math.round((at - steady()) / 60_000);
		const challenge = challengeOf(times);
		remember({ step: 'code', email: 'user@example.com', challenge, isNew: false });
		const now = Date.now, seen = [];
		for (const jump of [0, 3_600_000, -3_600_000, 60_000]) {
			Date.now = () => now() + jump;
			seen.push(minutes(challenge.expiresAt), minutes(challengeOf(times).expiresAt), +recall().resumable);
		}
		seen.push(minutes(recall().state.challenge.expiresAt));
		report(seen)`)
	// After a minute by the clock a reload goes on with the 4 minutes that are left.
	if want := []int{5, 5, 1, 5, 5, 0, 5, 5, 0, 5, 5, 1, 4}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("minutes left and whether a reload goes on: %v, want %v", got, want)
	}
}

func TestAFullStorageGoesOnInMemory(t *testing.T) {
	t.Parallel()
	got := inNode[[]string](t, `import { Spill } from './storage';
		class Area { setItem(k, v) { if (v === 'big') throw new Error('full'); this[k] = v; } getItem(k) { return this[k] ?? null; } removeItem(k) { delete this[k]; } }
		const area = new Area(), spill = new Spill(() => area, 'tokens.'), seen = [];
		const look = () => seen.push([spill.getItem('tokens.a'), spill.getItem('tokens.b'), Object.keys(area), spill.inMemory].join(' '));
		area.setItem('other', 'x');
		spill.setItem('tokens.a', '1'); look();
		spill.setItem('tokens.b', 'big'); look();
		spill.setItem('tokens.a', '2'); look();
		spill.removeItem('tokens.a'); spill.removeItem('tokens.b'); look();
		spill.setItem('tokens.a', '3'); spill.clear(); look();
		const none = new Spill(() => { throw new Error('forbidden'); }, 'tokens.');
		none.setItem('tokens.a', '1'); seen.push(none.getItem('tokens.a') + none.inMemory);
		report(seen)`)
	want := []string{"1  other,tokens.a false", "1 big other true", "2 big other true", "  other false", "  other false", "1true"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
