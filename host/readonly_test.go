package host_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// forbidden is a file system that can write, and fails the test when asked to.
type forbidden struct {
	fsabstraction.FS
	t testing.TB
}

var errForbidden = errors.New("a reader wrote")

func (f forbidden) no(what, name string) error {
	assert.Fail(f.t, "a reader wrote", "%s %s", what, name)
	return errForbidden
}

func (f forbidden) Create(n string) (fsabstraction.WriteFile, error) { return nil, f.no("Create", n) }
func (f forbidden) OpenWrite(n string) (fsabstraction.WriteFile, error) {
	return nil, f.no("OpenWrite", n)
}
func (f forbidden) Rename(n, _ string) error { return f.no("Rename", n) }
func (f forbidden) Remove(n string) error    { return f.no("Remove", n) }
func (f forbidden) MkdirAll(n string) error  { return f.no("MkdirAll", n) }
func (f forbidden) SyncDir(n string) error   { return f.no("SyncDir", n) }

// use does everything that a reader can.
func use(t *testing.T, r *host.DirReader) {
	for _, e := range all(t, r) {
		_, err := r.Get(t.Context(), e.ID)
		require.NoError(t, err)
		collect(t, r.Effects(t.Context(), e.ID, 0))
		collect(t, r.Ancestors(t.Context(), e.ID, 0))
	}
	_, err := r.Refresh(t.Context())
	require.NoError(t, err)
	s, err := r.Snapshot()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, r.Close())
}

// TestNothingIsWritten uses stores through a file system that fails the test on
// any call that changes something.
func TestNothingIsWritten(t *testing.T) {
	for _, where := range places {
		for _, name := range fixtureNames(t) {
			t.Run(where.name+"/"+name, func(t *testing.T) {
				p := where.make(t)
				p.put(t, fixture(t, name))
				r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: forbidden{p.fs, t}})
				require.NoError(t, err)
				use(t, r)
			})
		}
	}
}

// foreign are names that are not the store's, though some look so.
var foreign = []string{
	"notes.txt", "index.fbati.tmp", "index.thaw.tmp", "000001.fbat.bak", "1.fbat", "+00001.fbat", "-00001.fbat", "0000001.fbat",
	"000000.fbat", "a.fbat", ".fbat", "99999999999999999999.fbat", "000002.fbat~", "000002.FBAT.old", "index.fbati.old", "lock",
}

// TestDirectoryStaysAsItIs opens a directory that may not be written, with
// names in it that are nobody's business.
func TestDirectoryStaysAsItIs(t *testing.T) {
	p := onDisk(t)
	p.put(t, fixture(t, "tail"))
	want := all(t, p.open(t, host.ReaderOptions{}))
	for _, name := range foreign {
		require.NoError(t, os.WriteFile(p.path(name), []byte("not a segment"), 0o600))
	}
	require.NoError(t, os.Mkdir(p.path("folder"), 0o700))
	require.NoError(t, os.WriteFile(p.path("folder/000009.fbat"), nil, 0o600))
	require.NoError(t, os.Chmod(p.dir, 0o500))
	defer os.Chmod(p.dir, 0o700)
	before := listing(t, p.dir)

	for _, remove := range [][]string{nil, {indexName}, {indexName, checkpointName}} {
		if len(remove) > 0 {
			require.NoError(t, os.Chmod(p.dir, 0o700))
			p.remove(t, remove...)
			require.NoError(t, os.Chmod(p.dir, 0o500))
			before = listing(t, p.dir)
		}
		r := p.open(t, host.ReaderOptions{})
		require.Empty(t, r.Report().Rejected)
		require.Empty(t, r.Report().Damages)
		require.Equal(t, 4, r.Report().Segments)
		require.Equal(t, want, all(t, r))
		use(t, r)
		require.Equal(t, before, listing(t, p.dir))
	}
}

// listing describes every file below a directory: content, mode and time.
func listing(t testing.TB, dir string) map[string]string {
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		out[path] = info.Mode().String() + info.ModTime().String()
		if d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			out[path] += string(b)
			return err
		}
		return nil
	}))
	return out
}

// TestDirectories opens what is no store.
func TestDirectories(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p := where.make(t)
			open := func(name string) (*host.DirReader, error) {
				return host.OpenReader(t.Context(), p.path(name), host.ReaderOptions{FS: forbidden{p.fs, t}, Logger: slog.New(slog.DiscardHandler)})
			}
			_, err := open("missing")
			require.ErrorIs(t, err, fs.ErrNotExist)
			require.Contains(t, err.Error(), p.path("missing"))

			p.put(t, map[string][]byte{"file": []byte("x")})
			_, err = open("file")
			require.Error(t, err)
			require.NotErrorIs(t, err, fs.ErrNotExist)

			require.NoError(t, p.fs.MkdirAll(p.path("empty")))
			r, err := open("empty")
			require.NoError(t, err)
			require.Empty(t, all(t, r))
			report := r.Report()
			require.Equal(t, store.FromSegments, report.OpenedFrom)
			require.Zero(t, report.Events)
			_, err = r.Get(t.Context(), nthID(1))
			require.ErrorIs(t, err, host.ErrNotFound)
			for _, err := range r.Effects(t.Context(), nthID(1), 0) {
				require.ErrorIs(t, err, host.ErrNotFound)
			}
			require.NoError(t, r.Close())
		})
	}
}
