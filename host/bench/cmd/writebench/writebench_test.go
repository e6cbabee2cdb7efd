package main

import (
	"strings"
	"testing"

	"github.com/thawlog/thaw/host/bench/writers"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		var cell []figures
		for _, v := range c.values {
			cell = append(cell, figures{EventsPerSec: v})
		}
		if got := median(cell, func(f figures) float64 { return f.EventsPerSec }); got != c.want {
			t.Errorf("median of %v is %v", c.values, got)
		}
	}
}

// TestEngines writes a little with every engine in every mode.
func TestEngines(t *testing.T) {
	table := newTable(len(modes), len(writers.Engines))
	for m := range modes {
		for e := range writers.Engines {
			f, err := measure(&writers.Engines[e], m, t.TempDir(), 2500)
			if err != nil {
				t.Fatalf("%s, %s: %v", writers.Engines[e].Name, modes[m].name, err)
			}
			if f.EventsPerSec <= 0 || f.DiskPerPayload < 1 {
				t.Errorf("%s, %s: %+v", f.Engine, f.Mode, f)
			}
			table.add(m, e, f)
		}
	}
	if text := table.text(options{rounds: 1}); strings.Count(text, "badger") != len(modes)+1 {
		t.Error(text)
	}
}
