package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// verdict is the result of a mutant.
type verdict string

const (
	caught     verdict = "caught"
	hangs      verdict = "hangs"
	equivalent verdict = "equivalent"
	applies    verdict = "applies" // with -list, which runs nothing
	survives   verdict = "SURVIVES"
	misplaced  verdict = "MISPLACED"
	noBuild    verdict = "NO BUILD"
	tooLong    verdict = "TOO LONG"
	badTest    verdict = "BAD TEST"
)

var verdicts = []verdict{caught, hangs, equivalent, applies, survives, misplaced, noBuild, tooLong, badTest}

func (v verdict) failed() bool { return strings.ToUpper(string(v)) == string(v) }

// outcome is a verdict with its reason on one line.
type outcome struct {
	verdict verdict
	why     string
}

// A changed test may take this many times as long as the unchanged one, but at least
// minLimit, before it counts as not ending.
const (
	slowdown = 10
	minLimit = 60 * time.Second
	// The time limit of an unchanged test.
	plainLimit = 10 * time.Minute
)

// runner tests mutants. Its methods may be called from many goroutines.
type runner struct {
	tmp string

	mu    sync.Mutex
	plain map[string]*plain // by package, and by package and tests
	made  int               // files in tmp
}

// plain is the result of building or running unchanged code, once.
type plain struct {
	once   sync.Once
	binary string
	took   time.Duration
	why    string // empty on success
}

func (r *runner) once(key string, do func(p *plain)) *plain {
	r.mu.Lock()
	p := r.plain[key]
	if p == nil {
		p = &plain{}
		r.plain[key] = p
	}
	r.mu.Unlock()
	p.once.Do(func() { do(p) })
	return p
}

// file returns an unused path in the temporary directory.
func (r *runner) file(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	return filepath.Join(r.tmp, fmt.Sprintf("%d-%s", r.made, name))
}

// try applies the change and, unless only listing, runs the test.
func (r *runner) try(m mutant, list bool) outcome {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return outcome{misplaced, err.Error()}
	}
	changed, err := m.apply(string(source))
	switch {
	case err != nil:
		return outcome{misplaced, err.Error()}
	case list:
		return m.named()
	}

	path, err := filepath.Abs(m.file)
	if err != nil {
		return outcome{noBuild, err.Error()}
	}
	var binary, why string
	var env []string
	if filepath.Ext(path) == ".mjs" { // a script for Node: the tests' helper reads the other file
		name := r.file(filepath.Base(path))
		if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
			return outcome{noBuild, err.Error()}
		}
		defer os.Remove(name)
		env = []string{"THAW_SCRIPT=" + path, "THAW_SCRIPT_IS=" + name}
		built := r.once(m.pkg, func(p *plain) { p.binary, p.why = r.build(m.pkg, nil) })
		binary, why = built.binary, built.why
	} else {
		binary, why = r.build(m.pkg, map[string]string{path: changed})
		defer os.Remove(binary)
	}
	switch {
	case why != "":
		return outcome{noBuild, why}
	case m.equivalent != "":
		return outcome{equivalent, m.equivalent}
	}
	unchanged := r.unchanged(m.pkg, m.run)
	if unchanged.why != "" {
		return outcome{badTest, m.run + ": " + unchanged.why}
	}

	limit := m.timeout
	if limit == 0 {
		limit = max(minLimit, slowdown*unchanged.took)
	}
	output, ended, err := start(binary, m.pkg, m.run, limit, env...)
	switch {
	case !ended && m.timeout != 0:
		return outcome{hangs, m.run}
	case !ended:
		return outcome{tooLong, fmt.Sprintf("%s has not ended after %v", m.run, limit)}
	case err == nil:
		return outcome{survives, m.run + " passes"}
	}
	if failed := failure.FindAllStringSubmatch(output, -1); failed != nil {
		return outcome{caught, failed[len(failed)-1][1]}
	}
	return outcome{caught, m.run + " (" + firstLine(output) + ")"}
}

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz)\w*)\(`)

// named looks for the tests in the source.
func (m *mutant) named() outcome {
	if m.equivalent != "" {
		return outcome{applies, m.file}
	}
	files, err := filepath.Glob(filepath.Join(m.pkg, "*_test.go"))
	if err != nil {
		return outcome{badTest, err.Error()}
	}
	has := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return outcome{badTest, err.Error()}
		}
		for _, match := range testFunc.FindAllStringSubmatch(string(text), -1) {
			has[match[1]] = true
		}
	}
	names, _, _ := strings.Cut(m.run, "/")
	for name := range strings.SplitSeq(names, "|") {
		if name = strings.TrimSuffix(name, "$"); !has[name] {
			return outcome{badTest, fmt.Sprintf("%s has no %s", m.pkg, name)}
		}
	}
	return outcome{applies, m.file}
}

var (
	failure = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	success = regexp.MustCompile(`(?m)^--- PASS: (\S+)`)
)

// unchanged runs the tests without a change, once.
func (r *runner) unchanged(pkg, tests string) *plain {
	built := r.once(pkg, func(p *plain) { p.binary, p.why = r.build(pkg, nil) })
	if built.why != "" {
		return built
	}
	return r.once(pkg+" "+tests, func(p *plain) {
		began := time.Now()
		output, ended, err := start(built.binary, pkg, tests, plainLimit)
		p.took = time.Since(began)
		switch {
		case !ended:
			p.why = "does not end"
		case err != nil:
			p.why = "fails without a change"
		case !success.MatchString(output):
			p.why = "no such test ran"
		}
	})
}

// build compiles the tests of pkg with the given texts in place of files. It returns the
// path of the binary, or the reason of a failure.
func (r *runner) build(pkg string, texts map[string]string) (binary, why string) {
	binary = r.file("test.exe")
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary}
	if len(texts) > 0 {
		replace := map[string]string{}
		for path, text := range texts {
			name := r.file(filepath.Base(path))
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				return binary, err.Error()
			}
			defer os.Remove(name)
			replace[path] = name
		}
		overlay, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			return binary, err.Error()
		}
		name := r.file("overlay.json")
		if err := os.WriteFile(name, overlay, 0o600); err != nil {
			return binary, err.Error()
		}
		defer os.Remove(name)
		args = append(args, "-overlay", name)
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = pkg // which may be in a module of its own
	output, err := cmd.CombinedOutput()
	if err == nil {
		if _, err = os.Stat(binary); err == nil {
			return binary, ""
		}
		return binary, pkg + " has no tests"
	}
	var lines []string
	for line := range strings.SplitSeq(string(output), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return binary, firstLine(strings.Join(lines, "\n"))
}

// start runs tests of a test binary in the directory of pkg. ended is false if they took
// longer than limit. env is added to the environment.
func start(binary, pkg, tests string, limit time.Duration, env ...string) (output string, ended bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	args := []string{"-test.v", "-test.run", whole(tests), "-test.timeout", "0"}
	// Otherwise a test of random cases would save its failing case under testdata.
	if usage, _ := exec.CommandContext(ctx, binary, "-h").CombinedOutput(); bytes.Contains(usage, []byte("-rapid.nofailfile")) {
		args = append(args, "-rapid.nofailfile")
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = pkg
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), !errors.Is(ctx.Err(), context.DeadlineExceeded) || err == nil, err
}

// whole anchors each name in a go test -run pattern at both ends.
func whole(tests string) string {
	parts := strings.Split(tests, "/")
	for i, part := range parts {
		parts[i] = "^(" + part + ")$"
	}
	return strings.Join(parts, "/")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
