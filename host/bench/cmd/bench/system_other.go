//go:build !linux

package main

import (
	"errors"
	"io/fs"
	"os"
)

func dropPages(*os.File) error { return errors.ErrUnsupported }

// canDropPages says whether dropPages works on this system.
const canDropPages = false

// room is the file's size: what it has on the disk is not known here.
func room(info fs.FileInfo) int64 { return info.Size() }

// bootID is not known here.
func bootID() string { return "" }
