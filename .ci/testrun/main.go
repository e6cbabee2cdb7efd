// Testrun runs go test and reports its progress: a line for each package when it
// ends, in that order, the running tests when nothing has ended for a while, the output
// of failed tests, and at the end the skipped tests with their reasons.
//
//	go run ./.ci/testrun [-C DIR] [-no-skip PATTERN] [-every DURATION] go test FLAGS PACKAGES
//
// (go test itself prints packages in the order of their names, and so prints nothing
// while the first one runs.) With -C it runs in a directory, for a module of its own.
// With -no-skip, a test skipped for a reason that matches the regular expression fails
// the run. Otherwise the exit code is go test's.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"time"
)

func main() {
	dir := flag.String("C", "", "run in this directory")
	noSkip := flag.String("no-skip", "", "fail if a test is skipped for a reason that matches this regular expression")
	every := flag.Duration("every", 30*time.Second, "list the running tests after this long without output")
	flag.Parse()
	code, err := run(*dir, flag.Args(), *noSkip, *every)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		code = 2
	}
	os.Exit(code)
}

func run(dir string, args []string, noSkip string, every time.Duration) (code int, err error) {
	if len(args) < 2 || args[1] != "test" {
		return 0, errors.New("wanted: go test, flags and packages")
	}
	var never *regexp.Regexp
	if noSkip != "" {
		if never, err = regexp.Compile(noSkip); err != nil {
			return 0, err
		}
	}
	cmd := exec.Command(args[0], append([]string{"test", "-json"}, args[2:]...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	r := newReport(os.Stdout, time.Now)
	if err := r.follow(out, every); err != nil {
		return 0, errors.Join(err, cmd.Wait())
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	code = cmd.ProcessState.ExitCode()
	if !r.finish(never) && code == 0 {
		code = 1
	}
	return code, nil
}
