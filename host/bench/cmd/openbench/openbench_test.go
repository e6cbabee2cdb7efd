package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thawlog/thaw/host/bench/figures"
	"github.com/thawlog/thaw/host/bench/result"
)

// TestOneRun prepares a small store and runs every peer twice. It needs cargo, and compiles the Rust helper the first time.
func TestOneRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs helper processes")
	}
	o := options{events: 3000, runs: 2, cache: t.TempDir(), peers: "all"}
	e, err := newEnv(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.buildHelpers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.prepareStore(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := e.preparePeers(t.Context(), peers)
	if err != nil {
		t.Fatal(err)
	}
	before := listing(t, e.storeDir())
	if err := e.measure(t.Context(), rows, o); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.absent != "" {
			t.Logf("%s: %s", r.peer.name, r.absent)
			continue
		}
		if len(r.runs) != o.runs {
			t.Errorf("%s: %d runs", r.peer.name, len(r.runs))
		}
		for _, run := range r.runs {
			if run.OpenNS <= 0 || run.FirstGetNS <= 0 || run.FirstQueryNS <= 0 || run.QueryEvents != 1000 {
				t.Errorf("%s: %+v", r.peer.name, run)
			}
		}
	}
	if after := listing(t, e.storeDir()); after != before {
		t.Errorf("measuring changed the store:\n%s\n%s", before, after)
	}
	if left, _ := filepath.Glob(filepath.Join(e.dir, "run-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// listing is a directory's names, sizes and times.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(info.Name() + " " + figures.Grouped(info.Size()) + " " + info.ModTime().String() + "\n")
	}
	return b.String()
}

func TestMedianAndRatio(t *testing.T) {
	base := []result.Result{{OpenNS: 9000, PeakRSSBytes: 10}, {OpenNS: 1000, PeakRSSBytes: 30}, {OpenNS: 5000, PeakRSSBytes: 20}}
	rows := []*row{
		{peer: peer{name: "other"}, runs: []result.Result{{OpenNS: 10, FirstGetNS: 40}, {OpenNS: 30, FirstGetNS: 40}}},
		{peer: peer{name: reference}, runs: base},
		{peer: peer{name: "missing"}, absent: "not run: no cargo"},
	}
	rep := newReport(&env{events: 3, dir: t.TempDir()}, rows, options{runs: 3})
	batpak, other := rep.Peers[1].Median, rep.Peers[0].Median
	if batpak.OpenNS != 5000 || batpak.OpenMinNS != 1000 || batpak.OpenMaxNS != 9000 || batpak.PeakRSSBytes != 20 || batpak.OpenRatio != 1 {
		t.Errorf("reference: %+v", *batpak)
	}
	if other.OpenNS != 20 || other.OpenRatio != 250 || other.TotalNS != 60 {
		t.Errorf("other: %+v", *other)
	}
	var table strings.Builder
	if err := rep.writeTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5.00 µs", "250x", "missing: ; not run: no cargo"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("table lacks %q:\n%s", want, table.String())
		}
	}
}

func TestDifferentAnswersAreNotCompared(t *testing.T) {
	rows := []*row{
		{peer: peer{name: "a"}, runs: []result.Result{{QueryEvents: 2, QueryHash: "x"}}},
		{peer: peer{name: "b"}, runs: []result.Result{{QueryEvents: 2, QueryHash: "x"}, {QueryEvents: 2, QueryHash: "y"}}},
	}
	if err := sameAnswers(rows); err == nil {
		t.Error("two peers with different answers were compared")
	}
	if err := sameAnswers(rows[:1]); err != nil {
		t.Error(err)
	}
}
