package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// sample is what one process uses at one moment.
type sample struct {
	second float64
	// memory are the bytes of the process's own (RssAnon), without mapped files.
	memory int64
	files  int
}

// sampled reads what a process uses; ok is false where the system does not say.
func sampled(pid int) (s sample, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return s, false
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "RssAnon:"); found {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return s, false
			}
			s.memory = kib << 10
		}
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	s.files = len(files)
	return s, err == nil && s.memory > 0
}

// Bounds of every process.
const (
	mostMemory = 512 << 20
	// A reader has up to four states of the store open: an iteration's, its own, one that a
	// refresh opens, and one in which it looks for moved events. Each has openSegments
	// segments and some ten other files. The projection has two readers.
	mostFiles = 2 * 4 * (openSegments + 10)
)

// flat returns what is wrong with the samples of one role: too much, or more and more.
func flat(samples []sample) error {
	var first, last sample // the most in the first and in the second half
	for i, s := range samples {
		into := &last
		if i < len(samples)/2 {
			into = &first
		}
		into.memory, into.files = max(into.memory, s.memory), max(into.files, s.files)
	}
	switch {
	case max(first.memory, last.memory) > mostMemory:
		return fmt.Errorf("%d MiB of memory", max(first.memory, last.memory)>>20)
	case max(first.files, last.files) > mostFiles:
		return fmt.Errorf("%d descriptors", max(first.files, last.files))
	case len(samples) < 300: // too short to say
		return nil
	case last.memory > 2*first.memory+64<<20:
		return fmt.Errorf("memory grows from %d to %d MiB", first.memory>>20, last.memory>>20)
	case last.files > 2*first.files+32:
		return fmt.Errorf("descriptors grow from %d to %d", first.files, last.files)
	}
	return nil
}
