package main

import (
	"strings"
	"testing"
)

// TestVerdicts runs a table with a mutant for each verdict, in its own module. A mutant's
// name begins with its expected verdict.
func TestVerdicts(t *testing.T) {
	t.Chdir("testdata")
	all, err := readTables(".")
	if err != nil {
		t.Fatal(err)
	}
	verdictOf := map[string]verdict{"caught": caught, "panics": caught, "hangs": hangs, "equivalent": equivalent,
		"survives": survives, "misplaced": misplaced, "does not build": noBuild, "bad test": badTest}
	r := &runner{tmp: t.TempDir(), plain: map[string]*plain{}}
	tried := map[string]bool{}
	for _, m := range all {
		for start, want := range verdictOf {
			if !strings.HasPrefix(m.name, start) {
				continue
			}
			if got := r.try(m, false); got.verdict != want {
				t.Errorf("%s: %v", m.name, got)
			}
			tried[start] = true
		}
	}

	if len(tried) != len(verdictOf) {
		t.Errorf("tried only %v", tried)
	}
	if _, ended, _ := start(r.plain["./."].binary, ".", "TestAbs", 0); ended {
		t.Error("a test that has no time has ended")
	}
	for only, failed := range map[string]bool{"abs.go equivalent$": false, "survives": true, "table.txt abs.go hangs": false} {
		if got, err := mutate(".", only, 2, false); err != nil || got != failed {
			t.Errorf("%s: %v %v", only, got, err)
		}
	}
	if _, err := mutate(".", "no such mutant", 2, false); err == nil {
		t.Error("a pattern that matches nothing is no error")
	}
}

func TestParse(t *testing.T) {
	const good = "mutant: a\nfile: x/y.go\nold: b\nnew: c\nrun: TestA\n"
	all, err := parse("t.txt", "# remark\n\n"+good+"\n# remark\nmutant: b: c\nfile: x.go\nold: d\nold: e\nnew:\npackage: ./z\nequivalent: f\n")
	if err != nil || len(all) != 2 || all[0].pkg != "./x" || all[1].pkg != "./z" || all[1].name != "b: c" || all[1].line != 10 || len(all[1].old) != 2 {
		t.Errorf("%+v %v", all, err)
	}
	for why, text := range map[string]string{
		"no name":           strings.TrimPrefix(good, "mutant: a\n"),
		"name of another":   good + "\n" + good,
		"two in one":        good + good,
		"field twice":       good + "run: TestB\n",
		"unknown field":     good + "test: TestB\n",
		"no field":          good + "TestB\n",
		"no file":           strings.Replace(good, "file: x/y.go\n", "", 1),
		"no old":            strings.Replace(good, "old: b\n", "", 1),
		"empty old":         strings.Replace(good, "old: b\n", "old:\n", 1),
		"no new":            strings.Replace(good, "new: c\n", "", 1),
		"no change":         strings.Replace(good, "new: c\n", "new: b\n", 1),
		"no test":           strings.Replace(good, "run: TestA\n", "", 1),
		"test, equivalent":  good + "equivalent: no\n",
		"no time":           good + "timeout: soon\n",
		"nothing times out": strings.Replace(good, "run: TestA\n", "equivalent: x\ntimeout: 1s\n", 1),
	} {
		if _, err := parse("t.txt", text); err == nil {
			t.Errorf("%s: no error", why)
		}
	}
}
