package main

import (
	"strings"
	"testing"
)

// TestOneMeasurement lets every engine write a little in every case; measure counts the events afterwards.
func TestOneMeasurement(t *testing.T) {
	for _, c := range cases {
		for _, e := range engines {
			t.Run(c.name+"/"+e.Name, func(t *testing.T) {
				r, err := measure(t.Context(), e, c, options{events: 2500, singles: 300, dir: t.TempDir()})
				if err != nil {
					t.Fatal(err)
				}
				if r.WriteNS <= 0 || r.PayloadBytes < 120*int64(r.Events) || r.FileBytes < r.PayloadBytes/2 || r.Allocs == 0 {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// rowsOf makes rows of one case that wrote 1,000 events in so many ms a round.
func rowsOf(rounds map[string][]int64) (rows []*row) {
	for _, name := range []string{"badger", "bbolt", "thaw"} {
		r := &row{testCase: testCase{name: "batch", what: "in batches"}, engine: engine{Name: name, What: "as it is"}}
		for _, ms := range rounds[name] {
			r.runs = append(r.runs, result{
				Events: 1000, PayloadBytes: 100, WriteNS: ms * 1e6, FileBytes: 250, IOBytes: 500, Allocs: 2000, CloseNS: ms,
			})
		}
		if r.runs != nil {
			rows = append(rows, r)
		}
	}
	return rows
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	rep := &report{}
	// The second round was slow for all; medians of columns alone would say 5.
	rep.fill(rowsOf(map[string][]int64{"badger": {10, 400, 50}, "bbolt": {40, 200, 400}, "thaw": {5, 100, 10}}))
	got := rep.Rows[2].Median
	if got.EventsPerSecond != 100_000 || got.MinEventsPerSecond != 10_000 || got.MaxEventsPerSecond != 200_000 {
		t.Errorf("speeds %+v", got)
	}
	if got.ToReference != 4 { // of 2, 4 and 5
		t.Errorf("ratio to the reference %v", got.ToReference)
	}
	if got.ToBestPeer != 2 { // of 2, 2 and 5
		t.Errorf("ratio to the best peer %v", got.ToBestPeer)
	}
	if got.FilePerPayload != 2.5 || got.IOPerPayload != 5 || got.AllocsPerEvent != 2 || got.CloseNS != 10 {
		t.Errorf("%+v", got)
	}
	if badger := rep.Rows[0].Median; badger.ToReference != 0 || badger.ToBestPeer != 4 { // of 4, 0.5 and 8
		t.Errorf("badger %+v", badger)
	}
}

func TestTable(t *testing.T) {
	rep := &report{Rounds: 1, Sync: syncSize, SyncNS: 1_500_000}
	rows := rowsOf(map[string][]int64{"badger": {10}, "thaw": {4}})
	rows[1].runs[0].IOBytes = -100 // as where there is no /proc
	rep.fill(rows)
	var b strings.Builder
	if err := rep.writeTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"a write of 640 KiB and its sync, without any engine: 1.50 ms\n",
		"batch badger   100,000  100,000  100,000          -",
		"batch thaw     250,000  250,000  250,000      2.50x         2.50x           2.50                -",
		"batch: in batches; 1,000 events\nbadger: as it is\nthaw: as it is\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

func TestChoose(t *testing.T) {
	name := func(s string) string { return s }
	got, err := choose("c,a", []string{"a", "b", "c"}, name)
	if err != nil || strings.Join(got, ",") != "a,c" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := choose("a,x", []string{"a"}, name); err == nil {
		t.Error("x was chosen")
	}
}
