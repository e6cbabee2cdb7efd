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
	written   = "written"   // as the loading of the store left it
	readAhead = "readahead" // see readAheadAll
)

// kept is a store in the cache directory, with what loading it told. It lies beside the
// store as NAME.json; where that does not say what is wanted, the store is loaded anew.
type kept struct {
	Parameters
	Outcome outcome          `json:"outcome"`
	Sizes   map[string]int64 `json:"sizes"` // of the files, bytes on disk

	// Pages is written until the files were read ahead. Boot is that of the system: after
	// another start there are no pages.
	Pages string `json:"pages"`
	Boot  string `json:"boot"`

	dir string
}

// Parameters are everything that a store depends on.
type Parameters struct {
	Spec    workload.Spec `json:"spec"`
	Engine  string        `json:"engine"`
	Version string        `json:"version"`
	// Build is a hash of this program: whenever it changed, thaw or what an engine is told
	// to keep may have.
	Build string `json:"build"`
}

func parameters(e engine.Engine, s workload.Spec) (Parameters, error) {
	hash, err := build()
	return Parameters{s, e.Name(), e.Version(), hash}, err
}

// build is a hash of this program.
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

// folder is where the stores of a Spec are.
func (o *options) folder(s workload.Spec) string {
	return filepath.Join(o.dir, fmt.Sprintf("%s-%d", s.Data, s.N))
}

// prepare makes sure that the engine's store is there, and in the page cache as writing
// left it if that is wanted.
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
		logf("%s: the page cache is no longer as writing left it (-cache readahead does without)", e.Name())
	}
	logf("loading %d %s events into %s", s.N, s.Data, e.Name())
	// The old note goes first, so that an interrupted run leaves no store that is trusted.
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

// readKept is nil where there is no store or its note cannot be read.
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

// readAhead brings the store's files into the page cache by reading.
func (k *kept) readAhead() error {
	k.Pages = readAhead
	return errors.Join(k.note(), readAheadAll(k.dir))
}

// bytes is the room on disk of the files that take says.
func (k *kept) bytes(take func(name string) bool) float64 {
	var n int64
	for name, size := range k.Sizes {
		if take(name) {
			n += size
		}
	}
	return float64(n)
}
