package crash_test

import (
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// start makes the file system that a workload begins with: an empty one, a store
// that was closed in order, or one of batpak's.
func (w *workload) start(known *world, seed uint64) (*crashfs.FS, error) {
	fs := crashfs.New()
	if w.from != "" {
		var err error
		if fs, known.before, err = batpaks(w.from); err != nil {
			return nil, err
		}
	}
	if !w.prepared {
		return fs, nil
	}
	n := 6
	if w.flushes != nil { // so many that what comes behind is not at once more
		n = 20
	}
	first := workload{flushes: w.flushes, do: func(s *session) error {
		return repeat(n, func(int) error { return s.single() })
	}}
	return fs, first.run(fs, known, seed+1000)
}

// batpaks is a store that batpak wrote, and its events.
func batpaks(fixture string) (*crashfs.FS, []event.Event, error) {
	from := filepath.Join("../../core/internal/fixture/testdata", fixture, "store")
	names, err := os.ReadDir(from)
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{}
	for _, n := range names {
		if files[dir+"/"+n.Name()], err = os.ReadFile(filepath.Join(from, n.Name())); err != nil {
			return nil, nil, err
		}
	}
	fs := crashfs.FromFiles(files)
	found, err := readOnly(fs)
	return fs, found, err
}
