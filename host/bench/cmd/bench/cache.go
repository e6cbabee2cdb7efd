package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/workload"
)

// The states of the page cache at first queries.
const (
	written   = "written"   // as after loading the store
	readAhead = "readahead" // see readAheadAll
)

// kept is a store in the cache directory, with the results of loading it. They are in
// NAME.json next to the store; if its parameters differ from the wanted ones, the store is
// loaded again.
type kept struct {
	Parameters
	Outcome outcome          `json:"outcome"`
	Sizes   map[string]int64 `json:"sizes"` // bytes on disk, by file

	// Pages is written until the files are read ahead. Boot is the system's boot id: after
	// a restart no pages are cached.
	Pages string `json:"pages"`
	Boot  string `json:"boot"`

	dir string
}

// Parameters are everything that a store depends on.
type Parameters struct {
	Spec    workload.Spec `json:"spec"`
	Engine  string        `json:"engine"`
	Version string        `json:"version"`
	// Build is a hash of this program: a change of it may change thaw or the data written
	// to an engine.
	Build string `json:"build"`
}

func parameters(e engine.Engine, s workload.Spec) (Parameters, error) {
	hash, err := build()
	return Parameters{Spec: s, Engine: e.Name(), Version: e.Version(), Build: hash}, err
}

// build returns a hash of this program.
var build = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	err = withFile(path, func(f *os.File) error {
		_, err := io.Copy(h, f)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
})

// folder returns the directory of a Spec's stores.
func (o *options) folder(s workload.Spec) string {
	return filepath.Join(o.dir, fmt.Sprintf("%s-%d", s.Data, s.N))
}

// prepare loads the engine's store if it is missing, or if it is wanted with the page cache
// as after writing and no longer is.
func (o *options) prepare(ctx context.Context, e engine.Engine, s workload.Spec, q *workload.Questions, wantWritten bool) (*kept, error) {
	p, err := parameters(e, s)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.folder(s), e.Name())
	if k := readKept(dir); k != nil && k.Parameters == p {
		if !wantWritten || k.Pages == written && k.Boot == bootID() {
			return k, nil
		}
		logf("%s: the page cache has changed since writing (-cache readahead does not need it)", e.Name())
	}
	logf("loading %d %s events into %s", s.N, s.Data, e.Name())
	// The old note is removed first, so that an interrupted run leaves no store that looks
	// complete.
	err = errors.Join(os.RemoveAll(notePath(dir)), os.RemoveAll(dir), os.MkdirAll(filepath.Dir(dir), 0o755))
	if err != nil {
		return nil, err
	}
	k := &kept{Parameters: p, Pages: written, Boot: bootID(), dir: dir}
	k.Outcome, err = measure(ctx, job{Do: "load", Engine: e.Name(), Dir: dir, Spec: s, Sequences: q.Sequences})
	if err != nil {
		return nil, err
	}
	if k.Sizes, err = sizesOf(dir); err != nil {
		return nil, err
	}
	return k, k.note()
}

func notePath(dir string) string { return dir + ".json" }

func (k *kept) note() error {
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return os.WriteFile(notePath(k.dir), append(text, '\n'), 0o644)
}

// readKept returns nil if there is no store or its note cannot be read.
func readKept(dir string) *kept {
	text, err := os.ReadFile(notePath(dir))
	if err != nil {
		return nil
	}
	k := &kept{dir: dir}
	if json.Unmarshal(text, k) != nil {
		return nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	return k
}

// readAhead reads the store's files into the page cache.
func (k *kept) readAhead() error {
	k.Pages = readAhead
	return errors.Join(k.note(), readAheadAll(k.dir))
}

// bytes returns the disk usage of the files selected by take.
func (k *kept) bytes(take func(name string) bool) float64 {
	var n int64
	for name, size := range k.Sizes {
		if take(name) {
			n += size
		}
	}
	return float64(n)
}
