package main

import (
	"os"
	"strconv"
	"strings"
)

// peakRSS returns VmHWM of this process in bytes: its memory and every mapped page that it
// touched, 0 where there is no /proc. Rusage.Maxrss would be wrong: on Linux a child
// inherits its parent's.
func peakRSS() int64 { return statusBytes("VmHWM") }

// ownMemory returns RssAnon of this process in bytes: its memory without pages of files, which the
// system can take back; 0 where there is no /proc.
func ownMemory() int64 { return statusBytes("RssAnon") }

// statusBytes returns a field of /proc/self/status that is in kB.
func statusBytes(field string) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes * 1024
		}
	}
	return 0
}
