// Package result is what every open helper prints: one JSON line on standard output, and what the numbers mean.
//
// A helper opens one store in a fresh process, asks for one event by id, asks for one entity's events, prints the
// line and ends. The last three answer fields exist so that the runner can refuse to compare peers that did not
// do the same work.
package result

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"
)

// ExitNotBuilt is the exit status of a helper whose peer does not exist yet; its last line on standard error says so.
const ExitNotBuilt = 2

// Result is one helper's line.
type Result struct {
	OpenNS       int64  `json:"open_ns"`        // from the call that opens the store until it returned
	FirstGetNS   int64  `json:"first_get_ns"`   // first event by id, its payload read and decoded
	FirstQueryNS int64  `json:"first_query_ns"` // first query: all events of one entity, without payloads
	PeakRSSBytes int64  `json:"peak_rss_bytes"` // see PeakRSS
	Events       uint64 `json:"events"`         // visible events, counted after the clock stopped

	GetN        int64  `json:"get_n"`        // the member "n" of the payload that get returned
	QueryEvents int    `json:"query_events"` // how many events the query returned
	QueryHash   string `json:"query_hash"`   // SequenceHash of what the query returned

	Note string `json:"note,omitempty"` // anything the table should say about this run, such as the path an open took
}

// SequenceHash is FNV-1a, 64 bits, over the global sequences in the order they were returned, each as eight
// little-endian bytes, printed as sixteen hex digits.
func SequenceHash(sequences []uint64) string {
	h := fnv.New64a()
	var b [8]byte
	for _, s := range sequences {
		binary.LittleEndian.PutUint64(b[:], s)
		h.Write(b[:])
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// PeakRSS is VmHWM of this process in bytes: anonymous memory and every mapped page it touched. It is 0 where there
// is no /proc. (Rusage.Maxrss would not do: Linux lets a child inherit its parent's.)
func PeakRSS() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes * 1024
		}
	}
	return 0
}

// Print writes r as the helper's line.
func Print(r Result) error {
	return json.NewEncoder(os.Stdout).Encode(r)
}
