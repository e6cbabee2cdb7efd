//go:build !linux

package main

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

func dropPages(*os.File) error { return errors.ErrUnsupported }

// canDropPages reports whether dropPages works on this system.
const canDropPages = false

// diskSize returns the file's size: its disk usage is unknown here.
func diskSize(info fs.FileInfo) int64 { return info.Size() }

// cpuTime is unknown here.
func cpuTime() time.Duration { return 0 }

// bootID is unknown here.
func bootID() string { return "" }
