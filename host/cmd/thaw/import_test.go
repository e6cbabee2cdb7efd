//go:build !wasip1 && !js

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// killed kills an import that waits for the rest of a line, once the whole lines are
// events: those of a group that is not full, too.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("wrong use: killed N FILE DIR ARGS")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	lines := bytes.SplitAfter([]byte(ts.ReadFile(args[1])), []byte("\n"))
	dir := ts.MkAbs(args[2])
	cmd := exec.Command("thaw", append([]string{"import"}, args[2:]...)...)
	cmd.Dir = ts.MkAbs(".")
	in, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	half := append(bytes.Join(lines[:n], nil), lines[n][:len(lines[n])/2]...)
	if _, err = in.Write(half); err == nil {
		err = holds(dir, uint64(n))
	}
	ts.Check(errors.Join(err, cmd.Process.Kill()))
	_ = cmd.Wait()
}

// holds waits until a store has so many events.
func holds(dir string, events uint64) error {
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		r, err := host.OpenReader(context.Background(), dir, host.ReaderOptions{})
		if err != nil {
			continue // it is not there yet
		}
		n := r.Report().Events
		if err := r.Close(); err != nil {
			return err
		}
		if n == events {
			return nil
		}
	}
	return fmt.Errorf("the import did not write %d events", events)
}

// same compares everything that does not depend on how a store came to be.
func same(ts *testscript.TestScript, args []string) error {
	a, err := everything(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	b, err := everything(ts.MkAbs(args[1]))
	if err != nil {
		return err
	}
	if len(a) != len(b) || len(a) == 0 {
		return fmt.Errorf("%d events and %d", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			return fmt.Errorf("event %d:\n%s\n%s", i, a[i], b[i])
		}
	}
	return nil
}

// everything describes each event of a store without its position.
func everything(dir string) ([]string, error) {
	r, err := host.OpenReader(context.Background(), dir, host.ReaderOptions{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []string
	for e, err := range r.Query(context.Background(), host.Region{}, host.Page{}) {
		if err != nil {
			return nil, err
		}
		full, err := r.Read(context.Background(), e)
		if err != nil {
			return nil, err
		}
		full.Position = event.Position{}
		all = append(all, fmt.Sprintf("%+v", full))
	}
	return all, nil
}
