package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/all"
)

// A test starts this program for its processes: TestMain makes them the child.
func TestMain(m *testing.M) {
	fakes := []engine.Engine{fake{name: "fake"}, fake{name: "giver", gives: true}, fake{name: "liar", lies: true}}
	engines = func() []engine.Engine { return append(fakes, all.All()...) }
	named = func(name string) (engine.Engine, error) {
		for _, e := range fakes {
			if e.Name() == name {
				return e, nil
			}
		}
		return all.Named(name)
	}
	if len(os.Args) == 2 && os.Args[1] == childCommand {
		exit(child(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// bench runs the command with its stores in dir and without cargo, and returns the report.
func bench(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	t.Setenv("PATH", "")
	o, err := parse(append([]string{"-cache-dir", dir, "-n", "2000", "-load", "3000", "-rounds", "1"}, args...))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = run(context.Background(), o, &out)
	return out.String(), err
}

func TestTwoEnginesAndBothSortsOfData(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	text, err := bench(t, dir, "-engines", "fake,giver", "-data", "both", "-out", out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# 2,000 events, medians of 1 rounds", "fake 1, giver 1", "## regular: first query, page cache after writing",
		"## zipf: append", "| entity, 20 hits", "| sum: open, kind,", "| 200 events, 1,000 at a time", "| bytes on disk",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
	written, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil || string(written) != text {
		t.Errorf("report.md differs from the output: %v", err)
	}
	for _, name := range []string{"chart-light.svg", "chart-dark.svg"} {
		if chart, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Contains(chart, []byte("open, entity, 20 hits")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var runs map[string]results
	if text, err := os.ReadFile(filepath.Join(out, "runs.json")); err != nil || json.Unmarshal(text, &runs) != nil || len(runs["zipf"]["batches"]["giver"]) != 1 {
		t.Errorf("runs.json: %v, %v", err, runs["zipf"])
	}
}

func TestStoresAreKept(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-engines", "fake", "-cache", "readahead"}
	note := filepath.Join(dir, "regular-2000", "fake.json")
	loaded := func() time.Time {
		t.Helper()
		if _, err := bench(t, dir, args...); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(filepath.Dir(note), "fake", "events"))
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	first := loaded()
	if second := loaded(); !second.Equal(first) {
		t.Error("an existing store was loaded again")
	}
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(note, bytes.Replace(text, []byte(`"version":"1"`), []byte(`"version":"0"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if third := loaded(); third.Equal(first) {
		t.Error("the store of another version was used")
	}
	args[3] = "written"
	if fourth := loaded(); canDropPages && fourth.Equal(first) {
		t.Error("a store was used as freshly written after read-ahead")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 { // and that of streams data
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestWrongAnswersStopTheRun(t *testing.T) {
	if text, err := bench(t, t.TempDir(), "-engines", "fake,liar"); err == nil || !strings.Contains(err.Error(), "liar, first: entity") || text != "" {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestRealEngines(t *testing.T) {
	var names []string
	for _, e := range all.All() {
		names = append(names, e.Name())
	}
	text, err := bench(t, t.TempDir(), "-engines", strings.Join(names, ","), "-cache", "written", "-sizes", "100,N", "-data", "zipf")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| of these segments", "| 100 events | 2,000 events |", "| index rebuilt from all frames", "thaw to best peer",
		"| 10 commands, 1 goroutine", "| lines of code", "| three of them in one scan", "| allocations added"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
}

func TestOrdersOnly(t *testing.T) {
	text, err := bench(t, t.TempDir(), "-engines", "fake,thaw,bbolt", "-orders", "-data", "both")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| load an order of 2,000 events, decoded |", "|  thaw | bbolt |", "more than an append"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n## "); n != 2 {
		t.Errorf("the report has %d tables:\n%s", n, text)
	}
}

func TestUpkeep(t *testing.T) {
	text, err := bench(t, t.TempDir(), "-engines", "fake,thaw,bbolt", "-upkeep", "-load", "5000", "-data", "both")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## regular: compaction", "| open after |", "## regular: backup", "| full backup to the copies, speed |", "## regular: redaction",
		"| among neighbours in its middle |", "## regular: a load of 5,000 events", "| events 4,500 to 5,000 |", "| a batch, p99.9 |",
		"| segments after | 2 |", "| an append beside it, p50 |", "| an append beside a copy, p99 |", "| bytes that it wrote |", "## regular: fork of 5,000 events",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n## zipf"); n != 1 { // the load only
		t.Errorf("zipf has %d tables:\n%s", n, text)
	}
}

// TestSubjects: each entity to redact has its number of events, at every size.
func TestSubjects(t *testing.T) {
	for _, n := range []uint64{1, 2, 50, 100, 999, 2000, 12_345, 100_000, 1_000_000} {
		count := map[string]uint64{}
		for i := range n {
			count[subjectOf(i, n)]++
		}
		if count[spread] != subjectEvents(n) || n >= 100 && count[near] < subjectEvents(n)*9/10 {
			t.Errorf("of %d events %v", n, count)
		}
	}
}

func TestPercentiles(t *testing.T) {
	got, values := map[string]float64{}, []float64(nil)
	addPercentiles(got, "", values)
	if len(got) > 0 {
		t.Error(got)
	}
	for i := range 1000 {
		values = append(values, float64((i*7)%1000))
	}
	addPercentiles(got, "x ", values)
	if got["x p50"] != 500 || got["x p99"] != 990 || got["x p99.9"] != 999 {
		t.Error(got)
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-n", "0"}, {"-rounds", "0"}, {"-engines", "unknown"}, {"-data", "some"}, {"-cache", "cold"}, {"-sizes", "x"}, {"-sizes", "0"}, {"-load", "x"}, {"-orders", "-upkeep"}, {"more"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	o, err := parse([]string{"-n", "5000", "-quick", "-data", "both", "-sizes", "10,5000,N", "-cache-dir", "x"})
	if err != nil || o.rounds != 3 || len(o.data) != 2 || len(o.sizes) != 2 || !filepath.IsAbs(o.dir) {
		t.Errorf("%+v, %v", o, err)
	}
	if o.load != 50_000 {
		t.Errorf("the large load has %d events", o.load)
	}
	if o, err := parse([]string{"-quick", "-rounds", "5"}); err != nil || o.rounds != 5 {
		t.Errorf("%+v, %v", o, err)
	}
}
