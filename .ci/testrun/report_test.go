package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// takeAll passes events, one second apart, to a report and returns its output.
func takeAll(t *testing.T, events []event, never string) (said string, ok bool) {
	now := time.Unix(0, 0)
	var out strings.Builder
	r := newReport(&out, func() time.Time { return now })
	for _, e := range events {
		b, err := json.Marshal(e)
		require.NoError(t, err)
		r.take(append(b, '\n'))
		now = now.Add(time.Second)
	}
	var pattern *regexp.Regexp
	if never != "" {
		pattern = regexp.MustCompile(never)
	}
	ok = r.finish(pattern)
	return out.String(), ok
}

func output(pkg, test, text string) event {
	return event{Action: "output", Package: pkg, Test: test, Output: text}
}

// TestReport checks the order of packages, by their end, the output of failed tests only,
// and skipped tests by package and reason.
func TestReport(t *testing.T) {
	events := []event{
		{Action: "start", Package: "a"}, {Action: "start", Package: "b"}, {Action: "start", Package: "none"},
		{Action: "run", Package: "a", Test: "TestSlow"},
		output("a", "TestSlow", "=== RUN   TestSlow\n"),
		{Action: "skip", Package: "none"},
		{Action: "run", Package: "b", Test: "TestOne"}, output("b", "TestOne", "=== RUN   TestOne\n"),
		output("b", "TestOne", "    b_test.go:7: quiet\n"), {Action: "pass", Package: "b", Test: "TestOne"},
		{Action: "run", Package: "b", Test: "TestTwo"},
		output("b", "TestTwo", "    b_test.go:9: cargo is not installed: thaw is not\n"), output("b", "TestTwo", "        compared\n"),
		output("b", "TestTwo", "--- SKIP: TestTwo (0.00s)\n"), {Action: "skip", Package: "b", Test: "TestTwo"},
		output("b", "TestThree", "    b_test.go:9: cargo is not installed: thaw is not\n"), output("b", "TestThree", "        compared\n"),
		{Action: "skip", Package: "b", Test: "TestThree"},
		{Action: "skip", Package: "b", Test: "TestFour"},
		{Action: "pass", Package: "b", Elapsed: 1.5},
		output("a", "TestSlow", "    a_test.go:3: wrong\n"), {Action: "fail", Package: "a", Test: "TestSlow"},
		output("a", "TestHangs", "panic: too long\n"),
		output("a", "", "FAIL\n"), {Action: "fail", Package: "a", Elapsed: 20},
	}
	said, ok := takeAll(t, events, "")
	require.True(t, ok)
	require.Equal(t, `ok   b                                                      1.5s  1 passed, 3 skipped
=== RUN   TestSlow
    a_test.go:3: wrong
panic: too long
FAIL
FAIL a                                                     20.0s
2 packages in 25s: 1 tests passed, 1 failed, 3 skipped
skipped: b TestThree and 1 more: cargo is not installed: thaw is not compared
skipped: b TestFour: no reason given
`, said)

	said, ok = takeAll(t, events, "node|cargo")
	require.False(t, ok)
	require.Contains(t, said, "FAIL, must not be skipped: b TestThree and 1 more: cargo")
	_, ok = takeAll(t, events, "node")
	require.True(t, ok)
}

// TestBuildFailure checks that compiler messages and other lines that are not events are
// printed.
func TestBuildFailure(t *testing.T) {
	said, _ := takeAll(t, []event{
		{Action: "build-output", Output: "a.go:1: undefined: x\n"}, {Action: "build-fail"}, {Action: "start", Package: "a"},
		output("a", "", "FAIL\ta [build failed]\n"), {Action: "fail", Package: "a"},
	}, "")
	require.True(t, strings.HasPrefix(said, "a.go:1: undefined: x\nFAIL\ta [build failed]\nFAIL a "), said)
	var out strings.Builder
	newReport(&out, time.Now).take([]byte("no such package\n"))
	require.Equal(t, "no such package\n", out.String())
}

// TestRunning checks that running tests are listed, the longest first, without subtests and
// tests that wait for others.
func TestRunning(t *testing.T) {
	now := time.Unix(0, 0)
	var out strings.Builder
	r := newReport(&out, func() time.Time { return now })
	r.sayRunning()
	for _, e := range []event{
		{Action: "run", Package: "a", Test: "TestLong"}, {Action: "run", Package: "a", Test: "TestLong/sub"},
		{Action: "start", Package: "b"}, {Action: "run", Package: "c", Test: "TestWaits"}, {Action: "run", Package: "c", Test: "TestRuns"},
		{Action: "pause", Package: "c", Test: "TestWaits"},
	} {
		b, err := json.Marshal(e)
		require.NoError(t, err)
		r.take(b)
		now = now.Add(10 * time.Second)
	}
	r.sayRunning()
	require.Equal(t, "     0s, 0 packages done: the go command builds\n"+
		"     1m0s, 0 packages done: a TestLong (1m0s), b (40s), c TestRuns (20s)\n", out.String())
}
