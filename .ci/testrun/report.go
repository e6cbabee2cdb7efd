package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// event is a line of go test -json; see go doc cmd/test2json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// report is the state of a run, and prints its progress.
type report struct {
	w        io.Writer
	now      func() time.Time
	began    time.Time
	said     time.Time // time of the last output
	packages map[string]*pkg
	done     int // packages with tests
	passed   int // tests, subtests included
	failed   int
	skipped  []skip
}

// pkg is a package under test.
type pkg struct {
	began   time.Time
	output  strings.Builder             // outside tests
	tests   map[string]*strings.Builder // output of unfinished tests
	running map[string]time.Time
	passed  int
	skipped int
}

// skip is a skipped test.
type skip struct{ pkg, test, reason string }

func newReport(w io.Writer, now func() time.Time) *report {
	t := now()
	return &report{w: w, now: now, began: t, said: t, packages: map[string]*pkg{}}
}

// follow reads events until the end, and lists the running tests after every long silence.
func (r *report) follow(in io.Reader, every time.Duration) error {
	lines, failed := make(chan []byte), make(chan error, 1)
	go func() {
		defer close(lines)
		b := bufio.NewReader(in)
		for {
			line, err := b.ReadBytes('\n')
			if len(line) > 0 {
				lines <- line
			}
			if err != nil {
				if err == io.EOF {
					err = nil
				}
				failed <- err
				return
			}
		}
	}()
	tick := time.NewTicker(max(every/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return <-failed
			}
			r.take(line)
		case <-tick.C:
			if r.now().Sub(r.said) >= every {
				r.sayRunning()
			}
		}
	}
}

func (r *report) say(format string, args ...any) {
	fmt.Fprintf(r.w, format, args...)
	r.said = r.now()
}

// take processes one line. A line that is not an event comes from the go command itself.
func (r *report) take(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		r.say("%s", line)
		return
	}
	if e.Action == "build-output" {
		r.say("%s", e.Output)
	}
	if e.Package == "" {
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &pkg{began: r.now(), tests: map[string]*strings.Builder{}, running: map[string]time.Time{}}
		r.packages[e.Package] = p
	}
	if e.Test == "" {
		r.takePackage(p, &e)
	} else {
		r.takeTest(p, &e)
	}
}

func (r *report) takeTest(p *pkg, e *event) {
	out := p.tests[e.Test]
	if out == nil {
		out = &strings.Builder{}
		p.tests[e.Test] = out
	}
	switch e.Action {
	case "run", "cont":
		p.running[e.Test] = r.now()
		return
	case "output":
		out.WriteString(e.Output)
		return
	case "pass":
		p.passed++
		r.passed++
	case "skip":
		p.skipped++
		r.skipped = append(r.skipped, skip{pkg: e.Package, test: e.Test, reason: reason(out.String())})
	case "fail":
		r.failed++
		r.say("%s", out)
	}
	delete(p.running, e.Test)
	if e.Action != "pause" {
		delete(p.tests, e.Test)
	}
}

func (r *report) takePackage(p *pkg, e *event) {
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
		return
	case "pass":
		r.done++
		cached := ""
		if strings.Contains(p.output.String(), "\t(cached)") {
			cached = ", cached"
		}
		skipped := ""
		if p.skipped > 0 {
			skipped = fmt.Sprintf(", %d skipped", p.skipped)
		}
		r.say("ok   %-50s %7.1fs  %d passed%s%s\n", e.Package, e.Elapsed, p.passed, skipped, cached)
	case "fail":
		r.done++
		for _, test := range slices.Sorted(maps.Keys(p.tests)) { // ended by a panic or the time limit
			r.say("%s", p.tests[test])
		}
		r.say("%sFAIL %-50s %7.1fs\n", &p.output, e.Package, e.Elapsed)
	case "skip": // a package without tests
	default:
		return
	}
	delete(r.packages, e.Package)
}

// mostRunning is the maximum number of running tests to list.
const mostRunning = 4

// sayRunning lists the running tests, the longest first.
func (r *report) sayRunning() {
	type running struct {
		name  string
		began time.Time
	}
	var all []running
	for path, p := range r.packages {
		if len(p.running) == 0 {
			all = append(all, running{name: path, began: p.began})
		}
		for test, began := range p.running {
			if !strings.Contains(test, "/") {
				all = append(all, running{name: path + " " + test, began: began})
			}
		}
	}
	slices.SortFunc(all, func(a, b running) int {
		return cmp.Or(a.began.Compare(b.began), cmp.Compare(a.name, b.name))
	})
	names := make([]string, 0, mostRunning)
	for _, t := range all[:min(len(all), mostRunning)] {
		names = append(names, fmt.Sprintf("%s (%s)", t.name, seconds(r.now().Sub(t.began))))
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(names) == 0 {
		names = append(names, "the go command builds")
	}
	r.say("     %s, %d packages done: %s\n", seconds(r.now().Sub(r.began)), r.done, strings.Join(names, ", "))
}

func seconds(d time.Duration) time.Duration { return d.Round(time.Second) }

// finish prints the result of the run. It returns false if a test was skipped for a reason
// that matches never.
func (r *report) finish(never *regexp.Regexp) (ok bool) {
	r.say("%d packages in %s: %d tests passed, %d failed, %d skipped\n",
		r.done, seconds(r.now().Sub(r.began)), r.passed, r.failed, len(r.skipped))
	ok = true
	slices.SortFunc(r.skipped, func(a, b skip) int {
		return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.reason, b.reason), cmp.Compare(a.test, b.test))
	})
	for from := 0; from < len(r.skipped); {
		first := r.skipped[from]
		to := from
		for to < len(r.skipped) && r.skipped[to].pkg == first.pkg && r.skipped[to].reason == first.reason {
			to++
		}
		word := "skipped"
		if never != nil && never.MatchString(first.reason) {
			word, ok = "FAIL, must not be skipped", false
		}
		more := ""
		if n := to - from - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		r.say("%s: %s %s%s: %s\n", word, first.pkg, first.test, more, first.reason)
		from = to
	}
	return ok
}

// place matches the beginning of a test's log line.
var place = regexp.MustCompile(`^\s+[^\s:]+\.go:[0-9]+: `)

// maxReason is the maximum length of a printed reason in bytes.
const maxReason = 400

// reason returns why a test was skipped: its last log message, on one line.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		switch {
		case place.MatchString(line):
			said = []string{place.ReplaceAllString(line, "")}
		case len(said) > 0 && strings.HasPrefix(line, "        "):
			said = append(said, strings.TrimSpace(line))
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	text := strings.Join(said, " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + " …"
	}
	return text
}
