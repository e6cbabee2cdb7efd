//go:build linux || darwin

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func init() { programs["limited"] = limited }

// limited runs a command that may have so many files open: limited N CMD ARGS.
func limited() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "limited:", err)
			os.Exit(99)
		}
	}
	n, err := strconv.ParseUint(os.Args[1], 10, 32)
	fail(err)
	path, err := exec.LookPath(os.Args[2])
	fail(err)
	fail(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}))
	fail(syscall.Exec(path, os.Args[2:], os.Environ()))
}
