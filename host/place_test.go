package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// Names of a store's files, as format.md spells them.
const (
	indexName      = "index.fbati"
	checkpointName = "index.ckpt"
	hiddenName     = "visibility_ranges.fbv"
)

// fixtures is where the stores of batpak 0.4.0 are, each with what is true of it.
const fixtures = "../core/internal/fixture/testdata"

func fixtureNames(t testing.TB) (names []string) {
	entries, err := os.ReadDir(fixtures)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	require.NotEmpty(t, names)
	return names
}

// fixture returns the files of a fixture's store.
func fixture(t testing.TB, name string) map[string][]byte {
	files := map[string][]byte{}
	dir := filepath.Join(fixtures, name, "store")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
	}
	return files
}

// quiet is for stores that are damaged on purpose.
var quiet = slog.New(slog.DiscardHandler)

// place is where a test keeps a store.
type place struct {
	fs  fsabstraction.FS
	dir string
}

// places are the file systems that every answer must be the same on.
var places = []struct {
	name string
	make func(t testing.TB) place
}{
	{"disk", onDisk},
	{"memory", inMemory},
}

func onDisk(t testing.TB) place { return place{osfs.FS{}, t.TempDir()} }

func inMemory(t testing.TB) place {
	p := place{aferofs.New(afero.NewMemMapFs()), filepath.FromSlash("/store")}
	require.NoError(t, p.fs.MkdirAll(p.dir))
	return p
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

// put writes files; one that is there is replaced by a rename, as a writer does.
func (p place) put(t require.TestingT, files map[string][]byte) {
	for name, b := range files {
		temp := p.path(name + ".tmp")
		f, err := p.fs.Create(temp)
		require.NoError(t, err)
		_, err = f.WriteAt(b, 0)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.NoError(t, p.fs.Rename(temp, p.path(name)))
	}
}

// remove removes files that may be there.
func (p place) remove(t require.TestingT, names ...string) {
	for _, name := range names {
		if err := p.fs.Remove(p.path(name)); err != nil {
			require.ErrorIs(t, err, fs.ErrNotExist)
		}
	}
}

// truncate cuts a file where it lies.
func (p place) truncate(t require.TestingT, name string, size int64) {
	f, err := p.fs.OpenWrite(p.path(name))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	require.NoError(t, f.Close())
}

// open opens the store, and closes it at the end of the test.
func (p place) open(t testing.TB, o host.ReaderOptions) *host.DirReader {
	o.FS, o.Logger = p.fs, quiet
	r, err := host.OpenReader(t.Context(), p.dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// collect gathers an iteration, which must not fail.
func collect(t require.TestingT, seq iter.Seq2[event.Event, error]) (events []event.Event) {
	for e, err := range seq {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

// all is every visible event.
func all(t testing.TB, q interface {
	Query(ctx context.Context, region host.Region, page host.Page) iter.Seq2[event.Event, error]
}) []event.Event {
	return collect(t, q.Query(t.Context(), host.Region{}, host.Page{}))
}

// line spells an event as expected.jsonl does.
func line(t testing.TB, e event.Event) string {
	var causation any
	if !e.Causation.IsZero() {
		causation = e.Causation
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	require.NoError(t, enc.Encode(map[string]any{
		"causation_id": causation, "clock": e.Clock, "correlation_id": e.Correlation,
		"entity": e.Entity, "event_hash": e.EventHash, "event_id": e.ID, "kind": e.Kind,
		"length": e.Position.Length, "offset": e.Position.Offset, "prev_hash": e.PrevHash,
		"scope": e.Scope, "segment": e.Position.Segment, "seq": e.Sequence, "wall_ms": e.WallMS,
	}))
	return b.String()
}

func lines(t testing.TB, events []event.Event) string {
	var b bytes.Buffer
	for _, e := range events {
		b.WriteString(line(t, e))
	}
	return b.String()
}

// read returns the content of a file.
func (p place) read(t require.TestingT, name string) []byte {
	f, err := p.fs.Open(p.path(name))
	require.NoError(t, err)
	size, err := f.Size()
	require.NoError(t, err)
	b := make([]byte, size)
	_, err = f.ReadAt(b, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return b
}
