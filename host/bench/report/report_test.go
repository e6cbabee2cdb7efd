package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func example() *Report {
	return &Report{
		Title:   "1,000 events",
		Facts:   []Fact{{"CPU", "one"}, {"load", "0.10"}},
		Engines: []string{"thaw", "bbolt", "sqlite", "old"},
		Subject: "thaw",
		Aside:   []string{"old"},
		Tables: []Table{
			{Title: "First", Note: "In a fresh process.", Rows: []Row{
				{Name: "open", Unit: Nanoseconds, Values: map[string]float64{"thaw": 20_000, "bbolt": 200_000, "sqlite": 400_000, "old": 1}},
				{Name: "entity, with the open", Unit: Nanoseconds, Chart: "entity",
					Values: map[string]float64{"thaw": 500_000, "bbolt": 1_900_000, "sqlite": 400_000}},
				{Name: "kind", Unit: Nanoseconds, Values: map[string]float64{"bbolt": 1_000_000}},
				{Name: "Go heap", Unit: Bytes, Values: map[string]float64{"thaw": 2_000_000, "bbolt": 9_000_000}},
				{Name: "hits", Unit: Count, Values: map[string]float64{"thaw": 20, "bbolt": 20, "sqlite": 20}},
			}},
			{Title: "Append <durably>", Rows: []Row{
				{Name: "1,000 at a time", Unit: PerSecond, Chart: "batches", Values: map[string]float64{"thaw": 412_345, "bbolt": 40_000}},
				{Name: "singly", Unit: PerSecond, Chart: "singly", Values: map[string]float64{"thaw": 10_000, "bbolt": 10_100, "sqlite": 9_999}},
			}},
			{Title: "thaw alone", Engines: []string{"thaw"}, Rows: []Row{
				{Name: "open", Unit: Nanoseconds, Values: map[string]float64{"thaw": 1}},
			}},
		},
		Notes: []string{"Said at the end."},
	}
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"report.md":       example().WriteMarkdown,
		"chart-light.svg": func(w io.Writer) error { return example().WriteChart(w, Light) },
		"chart-dark.svg":  func(w io.Writer) error { return example().WriteChart(w, Dark) },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s differs from testdata; -update rewrites it:\n%s", name, got.Bytes())
		}
	}
}

func TestChartIsXML(t *testing.T) {
	var b bytes.Buffer
	if err := example().WriteChart(&b, Light); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyReport(t *testing.T) {
	r := &Report{Engines: []string{"thaw"}, Subject: "thaw", Tables: []Table{{Rows: []Row{{Name: "x"}, {Name: "y", Chart: "y", Values: map[string]float64{"thaw": 0}}}}}}
	if err := errors.Join(r.WriteMarkdown(io.Discard), r.WriteChart(io.Discard, Dark)); err != nil {
		t.Fatal(err)
	}
}
