package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/thawlog/thaw/host/bench/writers"
)

// figures are one measurement.
type figures struct {
	Engine       string  `json:"engine"`
	Mode         string  `json:"mode"`
	Events       uint64  `json:"events"`
	EventsPerSec float64 `json:"events_per_second"`
	CloseNS      int64   `json:"close_ns"`
	// DiskPerPayload is the size of the files after the close, and WrittenPerPayload what the kernel was given to write
	// to the disk (write_bytes of /proc/self/io, 0 elsewhere than on Linux), over the bytes of the payloads.
	DiskPerPayload    float64 `json:"disk_per_payload_byte"`
	WrittenPerPayload float64 `json:"written_per_payload_byte"`
	// Allocs and AllocBytes are per event, the making of the events left out.
	Allocs     float64 `json:"allocs_per_event"`
	AllocBytes float64 `json:"alloc_bytes_per_event"`
}

const batchSize = 1000

// made holds the events, so that making them is not measured.
var made []writers.Event

func batches(w writers.Writer, n uint64) error {
	for at := uint64(0); at < n; at += batchSize {
		if err := w.Batch(made[at:min(at+batchSize, n)]); err != nil {
			return err
		}
	}
	return nil
}

func together(w writers.Writer, n uint64) error {
	const goroutines = 64
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range uint64(goroutines) {
		wg.Go(func() {
			for i := g; i < n && errs[g] == nil; i += goroutines {
				errs[g] = w.One(&made[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func alone(w writers.Writer, n uint64) error {
	for i := range n {
		if err := w.One(&made[i]); err != nil {
			return err
		}
	}
	return nil
}

func measure(e *writers.Engine, m int, dir string, n uint64) (f figures, err error) {
	made = make([]writers.Event, n)
	payload := 0.0
	for i := range made {
		made[i] = writers.Make(uint64(i))
		payload += float64(len(made[i].Payload))
	}
	w, err := e.Open(dir, m != 2)
	if err != nil {
		return f, err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	written := writtenBytes()
	started := time.Now()
	if err := modes[m].run(w, n); err != nil {
		return f, err
	}
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	started = time.Now()
	if err := w.Close(); err != nil {
		return f, err
	}
	f = figures{
		Engine: e.Name, Mode: modes[m].name, Events: n,
		EventsPerSec:      float64(n) / took.Seconds(),
		CloseNS:           time.Since(started).Nanoseconds(),
		WrittenPerPayload: float64(writtenBytes()-written) / payload,
		Allocs:            float64(after.Mallocs-before.Mallocs) / float64(n),
		AllocBytes:        float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}
	size, err := diskSize(dir)
	f.DiskPerPayload = float64(size) / payload
	return f, err
}

// diskSize is the size of all files: their length, for none of the engines leaves holes after a close but Badger, which
// cuts its files then.
func diskSize(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

func writtenBytes() int64 {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			return n
		}
	}
	return 0
}
