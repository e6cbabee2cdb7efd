package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/thawlog/thaw/host/bench/figures"
)

// row is the runs of one engine in one case, one a round.
type row struct {
	testCase testCase
	engine   engine
	runs     []result
}

// measureAll runs every engine in every case once a round. The engines of one case follow each other directly.
func measureAll(ctx context.Context, o options, engines []engine, cases []testCase, rep *report) ([]*row, error) {
	var rows []*row
	for _, c := range cases {
		for _, e := range engines {
			rows = append(rows, &row{testCase: c, engine: e})
		}
	}
	var syncs []int64
	for i := range o.rounds {
		fmt.Fprintf(os.Stderr, "writebench: round %d of %d\n", i+1, o.rounds)
		ns, err := syncTime(o.dir)
		if err != nil {
			return nil, err
		}
		syncs = append(syncs, ns...)
		for _, r := range rows {
			if err := r.run(ctx, o); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(syncs)
	rep.SyncNS = figures.Middle(syncs)
	return rows, nil
}

// run is one measurement in a fresh process and directory.
func (r *row) run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp(o.dir, "writebench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "-measure", r.engine.Name+"/"+r.testCase.name, "-dir", dir,
		"-n", fmt.Sprint(o.events), "-singles", fmt.Sprint(o.singles))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s/%s: %w", r.engine.Name, r.testCase.name, err)
	}
	var got result
	if err := json.Unmarshal(out, &got); err != nil {
		return fmt.Errorf("bad line %q: %w", out, err)
	}
	r.runs = append(r.runs, got)
	return nil
}

// syncSize is about what thaw writes for a batch.
const syncSize = 640 << 10

// syncTime measures the disk by itself: how long a write of syncSize at the end of a file and its sync take.
func syncTime(dir string) (ns []int64, err error) {
	dir, err = os.MkdirTemp(dir, "writebench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return nil, err
	}
	b := make([]byte, syncSize)
	for i := range b {
		b[i] = byte(i * 7)
	}
	for range 20 {
		started := time.Now()
		if _, err := f.Write(b); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if err := f.Sync(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		ns = append(ns, time.Since(started).Nanoseconds())
	}
	return ns, f.Close()
}
