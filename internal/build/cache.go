package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Cache keeps built functions. The go command keeps compiled packages, but links a program anew
// each time, and linking is most of the time of a warm build.
type Cache struct {
	// Dir is the cache's directory; empty for no cache.
	Dir string
}

// kept is the number of states of the source whose functions are kept, the last used ones: 50 MB
// each. Checkouts share the cache, and each has one state for this machine and one for AWS.
const kept = 8

// Functions is [Functions], but copies functions that the same toolchain has built before from the
// same packages with the same settings. It builds them where the cache fails.
func (c Cache) Functions(ctx context.Context, moduleDir string, t Target, out string, names ...string) error {
	if c.Dir == "" {
		return Functions(ctx, moduleDir, t, out, names...)
	}
	stamp, key, err := c.key(ctx, moduleDir, t)
	if err != nil {
		return Functions(ctx, moduleDir, t, out, names...) // its error is the better one
	}
	dir := filepath.Join(c.Dir, "build-"+key)
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return take(filepath.Join(dir, name), filepath.Join(out, name)) == nil
	})
	if len(missing) == 0 {
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // a failure makes it leave earlier
		remember(dir, stamp)
		return nil
	}
	if err := Functions(ctx, moduleDir, t, out, missing...); err != nil {
		return err
	}
	// A source file may have changed during the build: such a function is not kept.
	if after, err := fingerprint(ctx, moduleDir, t); err == nil && after == key {
		_ = c.keep(dir, out, missing) // the next build does without
		remember(dir, stamp)
	}
	return nil
}

// sumSuffix is of the file beside a program that holds its SHA-256, as a crash may leave less than
// was written.
const sumSuffix = ".sha256"

// take copies a program out of the cache, if it is what was put there.
func take(from, to string) error {
	want, err := os.ReadFile(from + sumSuffix)
	if err != nil {
		return err
	}
	got, err := copyFile(from, to)
	if err == nil && got != string(want) {
		err = errors.New("the program is not what was kept")
	}
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// keep puts what was built into the cache, the sum before the program.
func (c Cache) keep(dir, out string, names []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		temp := filepath.Join(dir, fmt.Sprintf(".%s-%d-%d", name, os.Getpid(), time.Now().UnixNano()))
		sum, err := copyFile(filepath.Join(out, name), temp)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+sumSuffix), []byte(sum), 0o600)
		}
		if err == nil {
			err = os.Rename(temp, filepath.Join(dir, name))
		}
		if err != nil {
			return errors.Join(err, os.Remove(temp))
		}
	}
	return c.trim()
}

// trim removes all states of the source but the last used ones.
func (c Cache) trim() error {
	dirs, err := filepath.Glob(filepath.Join(escapeGlob(c.Dir), "build-*"))
	if err != nil {
		return err
	}
	age := func(dir string) time.Time {
		info, err := os.Stat(dir)
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortFunc(dirs, func(a, b string) int { return age(b).Compare(age(a)) })
	var errs []error
	for _, dir := range dirs[min(kept, len(dirs)):] {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// fingerprint names all that the functions' bytes depend on: the contents of every package, the
// toolchain and its settings, by the go command's own build ids; the module's versions, which a
// program records; and the recipe.
func fingerprint(ctx context.Context, moduleDir string, t Target) (string, error) {
	for _, name := range Names() {
		if err := CheckSource(moduleDir, name); err != nil {
			return "", err
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q\n%q\n", Arguments("", Names()...), Environment(t, ""))
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(moduleDir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
	}
	out, err := run(ctx, moduleDir, t, slices.Concat([]string{"list"}, packageFlags,
		[]string{"-export", "-deps", "-f", "{{.ImportPath}} {{.BuildID}}"}, folders(Names()))...)
	if err != nil {
		return "", err
	}
	if strings.Count(out, "\n") < len(Names()) {
		return "", errors.New("go list named too few packages")
	}
	_, _ = io.WriteString(h, out)
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// copyFile copies a program and returns its SHA-256 in hexadecimal. It makes no link: a program
// that writes into a cloud assembly would change the cache through it.
func copyFile(from, to string) (sum string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(err, os.Remove(to))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
