package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/thawlog/thaw/host/bench/writers"
)

// result is the line of one measurement.
type result struct {
	Events       int    `json:"events"`
	PayloadBytes int64  `json:"payload_bytes"`
	WriteNS      int64  `json:"write_ns"` // from the first call to the return of the last one; not open, not close
	CloseNS      int64  `json:"close_ns"`
	FileBytes    int64  `json:"file_bytes"` // sizes of the files after the close
	IOBytes      int64  `json:"io_bytes"`   // that the process caused to be written to the disk, close included; -1: not known
	Allocs       uint64 `json:"allocs"`     // of the whole process while it wrote
	AllocBytes   uint64 `json:"alloc_bytes"`
}

// child is one measurement, in a process of its own.
func child(ctx context.Context, o options) error {
	name, what, _ := strings.Cut(o.measure, "/")
	chosen, err := choose(name, engines, func(e engine) string { return e.Name })
	if err != nil {
		return err
	}
	how, err := choose(what, cases, func(c testCase) string { return c.name })
	if err != nil {
		return err
	}
	if len(chosen) != 1 || len(how) != 1 || o.dir == "" {
		return errors.New("-measure wants ENGINE/CASE and -dir")
	}
	r, err := measure(ctx, chosen[0], how[0], o)
	if err != nil {
		return fmt.Errorf("%s: %w", o.measure, err)
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// measure writes the events of a case into o.dir, which is there and empty, and counts them afterwards.
func measure(ctx context.Context, e engine, c testCase, o options) (r result, err error) {
	events, payload := writers.Events(c.events(o))
	r.Events, r.PayloadBytes = len(events), payload
	w, err := e.Open(o.dir, c.synced)
	if err != nil {
		return r, err
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return r, err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return r, err
		}
	}
	runtime.GC() // of what making the events left
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	io := written()

	started := time.Now()
	err = c.write(ctx, w, events)
	r.WriteNS = time.Since(started).Nanoseconds()

	runtime.ReadMemStats(&after)
	pprof.StopCPUProfile()
	r.Allocs, r.AllocBytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc

	started = time.Now()
	err = errors.Join(err, w.Close())
	r.CloseNS = time.Since(started).Nanoseconds()
	if err != nil {
		return r, err
	}
	if r.IOBytes = -1; io >= 0 {
		r.IOBytes = written() - io
	}
	if r.FileBytes, err = size(o.dir); err != nil {
		return r, err
	}
	n, err := e.Count(o.dir)
	if err == nil && n != r.Events {
		err = fmt.Errorf("%d events are there, %d were written", n, r.Events)
	}
	return r, err
}

// written is write_bytes of /proc/self/io: the bytes this process caused to be sent to the disk, counted when a page
// becomes dirty. It is -1 where that is not known.
func written() int64 {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}

// size is the sizes of the files below dir together.
func size(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
