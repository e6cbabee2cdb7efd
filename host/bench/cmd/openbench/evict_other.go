//go:build !linux

package main

import (
	"errors"
	"os"
)

func evictFile(*os.File) error { return errors.ErrUnsupported }
