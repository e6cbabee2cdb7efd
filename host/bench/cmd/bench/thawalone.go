package main

import (
	"context"
	"errors"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/host"
)

// indexFiles returns the files covered by a check of thaw's index: batpak's index and
// thaw's own files.
func indexFiles(dir string) ([]string, error) {
	own, err := filepath.Glob(filepath.Join(dir, "*"+index.Extension))
	own = slices.DeleteFunc(own, func(path string) bool { return filepath.Base(path) == synced.FileName })
	return append(own, filepath.Join(dir, artifact.FileName)), err
}

// rebuild rebuilds thaw's index from the frames of a copy's segments.
func rebuild(j *job) (o outcome, err error) {
	quiet := host.Options{Logger: slog.New(slog.DiscardHandler)}
	started := time.Now()
	_, err = host.Rebuild(context.Background(), j.Dir, host.RebuildOptions{Options: quiet})
	o.TookNS, o.RSS = time.Since(started).Nanoseconds(), peakRSS()
	return o, err
}

// checkIndex opens the store with its whole index checked, on one core.
func checkIndex(j *job) (o outcome, err error) {
	runtime.GOMAXPROCS(1)
	files, err := indexFiles(j.Dir)
	if err != nil {
		return o, err
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			return o, err
		}
		o.Bytes += info.Size()
	}
	started := time.Now()
	r, err := host.OpenReader(context.Background(), j.Dir, host.ReaderOptions{CheckIndex: true})
	if err != nil {
		return o, err
	}
	o.TookNS = time.Since(started).Nanoseconds()
	if rejected := r.Report().Rejected; len(rejected) > 0 {
		return o, errors.Join(rejected[0], r.Close())
	}
	return o, r.Close()
}

// crc32c measures CRC-32C over the same bytes in memory on one core, the best of three.
func crc32c(j *job) (o outcome, err error) {
	runtime.GOMAXPROCS(1)
	files, err := indexFiles(j.Dir)
	if err != nil {
		return o, err
	}
	var all []byte
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			return o, err
		}
		all = append(all, b...)
	}
	o.Bytes = int64(len(all))
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Checksum(all, table)
	for i := range 3 {
		started := time.Now()
		again := crc32.Checksum(all, table)
		if took := time.Since(started).Nanoseconds(); i == 0 || took < o.TookNS {
			o.TookNS = took
		}
		if again != sum {
			return o, errors.New("a checksum changed")
		}
	}
	return o, nil
}
