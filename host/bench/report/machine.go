package report

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine returns the facts that the figures depend on besides the engines: the machine,
// its current load, and the file system of dir. Unknown facts are omitted.
func Machine(dir string, now time.Time) []Fact {
	facts := []Fact{
		{"CPU", fmt.Sprintf("%s, %d cores", or(after("/proc/cpuinfo", "model name"), runtime.GOARCH), runtime.NumCPU())},
		{"RAM", memory()},
		{"system", strings.TrimSpace(runtime.GOOS + "/" + runtime.GOARCH + " " + line("/proc/sys/kernel/osrelease"))},
		{"file system", fileSystem(line("/proc/self/mountinfo"), dir)},
		{"Go", strings.TrimPrefix(runtime.Version(), "go")},
		{"date", now.Format("2006-01-02 15:04 MST")},
		{"load average at the start", line("/proc/loadavg")},
	}
	known := facts[:0]
	for _, f := range facts {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// line returns a file's contents without surrounding space, empty if it is missing.
func line(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// after returns the value of the first line "name : value" of a file.
func after(path, name string) string {
	for l := range strings.Lines(line(path)) {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func memory() string {
	kB, err := strconv.ParseFloat(strings.TrimSuffix(after("/proc/meminfo", "MemTotal"), " kB"), 64)
	if err != nil {
		return ""
	}
	return size(kB * 1024)
}

// fileSystem returns the mount of dir, an absolute path: the one with the longest mount
// point above it.
func fileSystem(mountinfo, dir string) string {
	best, found := "", ""
	for l := range strings.Lines(mountinfo) {
		// 36 35 98:0 /root /mount/point options [fields] - type source options
		mount, kind, ok := strings.Cut(strings.TrimSpace(l), " - ")
		m, k := strings.Fields(mount), strings.Fields(kind)
		if !ok || len(m) < 6 || len(k) < 1 {
			continue
		}
		at := strings.TrimSuffix(m[4], "/")
		if (dir == at || strings.HasPrefix(dir, at+"/")) && (found == "" || len(at) >= len(best)) {
			best, found = at, k[0]+" ("+m[5]+")"
		}
	}
	return found
}
