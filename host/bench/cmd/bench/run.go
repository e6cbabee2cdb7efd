package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/thawlog/thaw/host/bench/report"
)

// run measures everything and writes the report, to standard output as well.
func run(ctx context.Context, o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	r := &report.Report{
		Title:   fmt.Sprintf("%s events, medians of %d rounds", report.Grouped(int64(o.n)), o.rounds),
		Facts:   report.Machine(o.dir, time.Now()),
		Subject: subject,
	}
	took, err := syncTime(o.dir)
	if err != nil {
		return err
	}
	r.Facts = append(r.Facts, report.Fact{
		Name:  fmt.Sprintf("a write of %d KiB and its sync without any engine", syncSize>>10),
		Value: report.Nanoseconds.Format(float64(took.Nanoseconds())),
	})
	var versions []string
	for _, e := range o.engines {
		r.Engines = append(r.Engines, e.Name())
		versions = append(versions, e.Name()+" "+e.Version())
	}
	withBatpak := false
	for _, name := range o.data {
		d, err := o.measureData(ctx, name)
		if err != nil {
			return err
		}
		r.Tables = append(r.Tables, d.tables()...)
		r.Notes = append(r.Notes, d.notes...)
		withBatpak = withBatpak || d.batpak != nil
	}
	if withBatpak {
		r.Engines = append(r.Engines, batpakName)
		versions = append(versions, batpakName+" "+batpakVersion)
	}
	r.Facts = append(r.Facts, report.Fact{Name: "versions", Value: strings.Join(versions, ", ")})
	if err := r.WriteMarkdown(os.Stdout); err != nil || o.out == "" {
		return err
	}
	return writeFiles(o.out, r)
}

func writeFiles(dir string, r *report.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(dir, "report.md"), r.WriteMarkdown),
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
