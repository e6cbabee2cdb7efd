//go:build !wasip1 && !js

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/cmd/thaw/internal/golden"
)

const fixtures = "../../../core/internal/fixture/testdata"

// programs are what scripts may run.
var programs = map[string]func(){"thaw": main}

func TestMain(m *testing.M) { testscript.Main(m, programs) }

// TestScripts runs testdata/script. Besides the usual commands a script has
//
//	store NAME DIR        copy a fixture's store to DIR, its lines to DIR.jsonl and DIR.payloads.jsonl
//	code N CMD ARGS       run a command that must exit with N
//	flip FILE OFFSET      turn the bits of one byte round
//	cut FILE SIZE         truncate a file
//	write FILE OFF HEX    overwrite bytes
//	seal FILE             recompute the checksum of an index.fbati
//	killed N FILE ARGS    feed thaw import ARGS the first N lines of FILE, and kill it
//	same DIR DIR          compare the events of two stores, all but where they lie
//	names DIR KIND=NAME…  open a store with names of kinds, and close it
//	sessions N DIR        make a store of N sessions of one event each
//	customers DIR FILE    make a store with encrypted payloads, and its key file
//	closed CMD ARGS       run a command with a closed output; it must succeed and print nothing
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"store":  command(2, copyStore),
			"flip":   command(2, flip),
			"cut":    command(2, cut),
			"write":  command(3, write),
			"seal":   command(1, seal),
			"code":   code,
			"closed": closed,
			"killed": killed,
			"names":  names,
			"same":   command(2, same),

			"sessions":  command(2, sessions),
			"customers": command(2, customers),
		},
	})
}

// command checks the number of arguments and reports an error.
func command(n int, f func(ts *testscript.TestScript, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != n {
			ts.Fatalf("wrong use: it takes %d arguments and no !", n)
		}
		ts.Check(f(ts, args))
	}
}

// wd is the directory the tests started in; scripts have their own.
var wd = func() string {
	d, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return d
}()

func copyStore(ts *testscript.TestScript, args []string) error {
	from, to := filepath.Join(wd, fixtures, args[0]), ts.MkAbs(args[1])
	if err := os.CopyFS(to, os.DirFS(filepath.Join(from, "store"))); err != nil {
		return err
	}
	plain, payloads, err := golden.Lines(from)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{".jsonl": plain, ".payloads.jsonl": payloads} {
		if err := os.WriteFile(to+name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func names(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("wrong use: names DIR KIND=NAME…")
	}
	all := map[event.Kind]string{}
	for _, arg := range args[1:] {
		number, name, _ := strings.Cut(arg, "=")
		kind, err := event.ParseKind(number)
		ts.Check(err)
		all[kind] = name
	}
	s, err := host.Open(context.Background(), ts.MkAbs(args[0]), host.Options{Logger: slog.New(slog.DiscardHandler), KindNames: all})
	ts.Check(err)
	ts.Check(s.Close())
}

// edit changes a file's bytes.
func edit(ts *testscript.TestScript, name string, change func(b []byte) ([]byte, error)) error {
	b, err := os.ReadFile(ts.MkAbs(name))
	if err != nil {
		return err
	}
	if b, err = change(b); err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(name), b, 0o644)
}

func flip(ts *testscript.TestScript, args []string) error {
	at, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return edit(ts, args[0], func(b []byte) ([]byte, error) {
		b[at] ^= 0xff
		return b, nil
	})
}

func cut(ts *testscript.TestScript, args []string) error {
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return edit(ts, args[0], func(b []byte) ([]byte, error) { return b[:size], nil })
}

func write(ts *testscript.TestScript, args []string) error {
	at, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return edit(ts, args[0], func(b []byte) ([]byte, error) {
		for i := range len(args[2]) / 2 {
			n, err := strconv.ParseUint(args[2][2*i:2*i+2], 16, 8)
			if err != nil {
				return nil, err
			}
			b[at+i] = byte(n)
		}
		return b, nil
	})
}

func seal(ts *testscript.TestScript, args []string) error {
	return edit(ts, args[0], func(b []byte) ([]byte, error) {
		artifact.Seal(b)
		return b, nil
	})
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("wrong use: code N CMD ARGS")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, not %s", got, args[0])
	}
}

// sessions makes a store with as many segments.
func sessions(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[0])
	for range n {
		var st *host.Store
		if st, err = host.Open(context.Background(), ts.MkAbs(args[1]), host.Options{Logger: slog.New(slog.DiscardHandler), NoMerge: true}); err != nil {
			break
		}
		_, err = st.Append(context.Background(), event.At("e", "s"), event.Data, 1)
		if err = errors.Join(err, st.Close()); err != nil {
			break
		}
	}
	return err
}

func closed(ts *testscript.TestScript, neg bool, args []string) {
	r, w, err := os.Pipe()
	ts.Check(err)
	ts.Check(r.Close())
	var stderr bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Stdout, cmd.Stderr = w, &stderr
	err = cmd.Run()
	ts.Check(w.Close())
	if err != nil || stderr.Len() > 0 {
		ts.Fatalf("%s: %v, stderr %q", strings.Join(args, " "), err, stderr.String())
	}
}
