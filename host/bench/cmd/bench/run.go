package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/thawlog/thaw/host/bench/engine/sqlite"
	"github.com/thawlog/thaw/host/bench/report"
)

// run measures everything and writes the report, also to standard output.
func run(ctx context.Context, o options, stdout io.Writer) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	r := &report.Report{
		Title:   fmt.Sprintf("%s events, medians of %d rounds", report.Grouped(int64(o.n)), o.rounds),
		Facts:   report.Machine(o.dir, time.Now()),
		Subject: subject,
		Aside:   []string{batpakName}, // it does all its work before the first question
	}
	took, err := syncTime(o.dir)
	if err != nil {
		return err
	}
	idle, err := measure(ctx, job{Do: "idle"})
	if err != nil {
		return err
	}
	r.Facts = append(r.Facts, report.Fact{
		Name:  fmt.Sprintf("a write of %d KiB and its sync without any engine", syncSize>>10),
		Value: report.Nanoseconds.Format(float64(took.Nanoseconds())),
	}, report.Fact{
		Name:  "peak RSS of this program before it opens anything",
		Value: report.Bytes.Format(float64(idle.RSS)),
	})
	var versions []string
	for _, e := range o.engines {
		r.Engines = append(r.Engines, e.Name())
		versions = append(versions, e.Name()+" "+e.Version())
	}
	withBatpak, runs := false, map[string]results{}
	for _, name := range o.data {
		d, err := o.measureData(ctx, name)
		if err != nil {
			return err
		}
		r.Tables = append(r.Tables, d.tables()...)
		runs[name] = d.results
		withBatpak = withBatpak || d.batpak != nil
	}
	if withBatpak {
		r.Engines = append(r.Engines, batpakName)
		versions = append(versions, batpakName+" "+batpakVersion)
	}
	r.Facts = append(r.Facts, report.Fact{Name: "versions", Value: strings.Join(versions, ", ")})
	if !sqlite.Available {
		r.Notes = append(r.Notes, "SQLite is missing: this program was built without cgo, which needs a C compiler.")
	}
	if err := r.WriteMarkdown(stdout); err != nil || o.out == "" {
		return err
	}
	return writeFiles(o.out, r, runs)
}

func writeFiles(dir string, r *report.Report, runs map[string]results) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(dir, "report.md"), r.WriteMarkdown),
		writeFile(filepath.Join(dir, "runs.json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(runs) }),
		writeFile(filepath.Join(dir, "chart-light.svg"), func(w io.Writer) error { return r.WriteChart(w, report.Light) }),
		writeFile(filepath.Join(dir, "chart-dark.svg"), func(w io.Writer) error { return r.WriteChart(w, report.Dark) }),
	)
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
