package verify_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

func run(t testing.TB, files map[string][]byte) *verify.Result {
	r, err := verify.Run(directory.Memory(files), verify.Options{Hash: hash})
	require.NoError(t, err)
	return r
}

// topics lists the topics of a result's notes, NoSnapshot aside.
func topics(r *verify.Result) (met []verify.Topic) {
	for _, n := range r.Notes {
		if n.Topic != verify.NoSnapshot {
			met = append(met, n.Topic)
		}
	}
	return met
}

// counts holds the numbers of a result.
type counts struct{ segments, frames, events, hidden, batches uint64 }

// TestFixtures: batpak's stores have no damage, with and without their index images.
func TestFixtures(t *testing.T) {
	steps := []struct {
		name   string
		remove []string
	}{
		{"unchanged", nil},
		{"without index.fbati", []string{artifact.FileName}},
		{"without index.ckpt", []string{checkpoint.FileName}},
		{"without both", []string{artifact.FileName, checkpoint.FileName}},
	}
	noted := map[string][]verify.Topic{
		"torn-batch": {verify.UnfinishedBatch, verify.TornTail},
	}
	want := map[string]counts{
		"batch":          {1, 29, 25, 0, 2},
		"compacted":      {3, 65, 65, 0, 0},
		"compacted-tail": {3, 63, 63, 0, 0},
		"empty":          {1, 0, 0, 0, 0},
		"fences":         {1, 12, 12, 1, 0},
		"rotated":        {6, 48, 48, 0, 0},
		"tail":           {4, 48, 48, 0, 0},
	}
	for _, name := range fixture.Names() {
		for _, step := range steps {
			t.Run(name+"/"+step.name, func(t *testing.T) {
				files := fixture.Store(name)
				for _, f := range step.remove {
					delete(files, f)
				}
				r := run(t, files)
				require.Empty(t, r.Damages)
				require.NoError(t, r.Err())
				require.True(t, r.Sound())
				require.Equal(t, noted[name], topics(r))
				if w, ok := want[name]; ok {
					require.Equal(t, w, counts{r.Segments, r.Frames, r.Events, r.Hidden, r.Batches})
				}
				require.EqualValues(t, bytes.Count(fixture.Expected(name), []byte("\n")), r.Events-r.Hidden)
				size := uint64(0)
				for _, b := range files {
					size += uint64(len(b))
				}
				require.Equal(t, size, r.Bytes)
			})
		}
	}
}

// growing is a directory outside memory, whose last segment has grown since it was listed,
// by an incomplete frame.
type growing struct{ directory.Memory }

type plain struct{ source.Source }

func (g growing) Open(name string) (source.Source, error) {
	b := g.Memory[name]
	if name == "000004.fbat" {
		b = append(b[:len(b):len(b)], 0, 0, 1)
	}
	return plain{source.Bytes(b)}, nil
}

// TestGrowingSegment: a run checks the store as it was listed.
func TestGrowingSegment(t *testing.T) {
	for _, name := range fixture.Names() {
		files := fixture.Store(name)
		want := run(t, files)
		got, err := verify.Run(growing{files}, verify.Options{Hash: hash})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	files := fixture.Store("tail")
	files["000004.fbat"] = append(files["000004.fbat"], 1)
	r, err := verify.Run(growing{files}, verify.Options{Hash: hash})
	require.NoError(t, err)
	require.Equal(t, []verify.Topic{verify.TornTail}, topics(r))
}

// odd is a directory in which some names are no regular files.
type odd struct {
	directory.Memory
	names []string
}

func (o odd) List() ([]directory.Name, error) {
	names, err := o.Memory.List()
	for i := range names {
		names[i].Odd = slices.Contains(o.names, names[i].Name)
	}
	return names, err
}

func (o odd) Look(name string) (directory.Entry, error) {
	e, err := o.Memory.Look(name)
	e.Regular = !slices.Contains(o.names, name)
	return e, err
}

// TestNotRegular: directories, links and devices under the store's names are damage.
func TestNotRegular(t *testing.T) {
	for _, c := range []struct{ store, file string }{
		{"tail", "000004.fbat"}, {"fences", artifact.FileName}, {"fences", checkpoint.FileName},
		{"fences", visibility.FileName},
	} {
		r, err := verify.Run(odd{fixture.Store(c.store), []string{c.file}}, verify.Options{Hash: hash})
		require.NoError(t, err)
		require.Len(t, r.Damages, 1)
		require.ErrorIs(t, r.Err(), damage.NotRegular)
		require.Equal(t, c.file, r.Damages[0].File)
	}
	files := fixture.Store("tail")
	files["x.fbat"] = files["000001.fbat"]
	r, err := verify.Run(odd{files, []string{"x.fbat"}}, verify.Options{Hash: hash})
	require.NoError(t, err)
	require.Empty(t, r.Damages)
	require.Equal(t, []verify.Topic{verify.Stray}, topics(r))
}

// broken is a directory that fails to list, or to open one file.
type broken struct {
	directory.Memory
	list error
	file string
	open error
}

func (b broken) List() ([]directory.Name, error) {
	if b.list != nil {
		return nil, b.list
	}
	return b.Memory.List()
}

func (b broken) Open(name string) (source.Source, error) {
	if name == b.file {
		return nil, b.open
	}
	return b.Memory.Open(name)
}

// TestCannotRun: a failure to list, open or read is an error of Run and no damage.
func TestCannotRun(t *testing.T) {
	boom := errors.New("boom")
	files := directory.Memory(fixture.Store("tail"))
	_, err := verify.Run(broken{Memory: files, list: boom}, verify.Options{})
	require.ErrorIs(t, err, boom)
	_, err = verify.Run(broken{Memory: files, file: "000002.fbat", open: source.ErrGone}, verify.Options{})
	require.ErrorIs(t, err, source.ErrGone)

	for _, file := range []string{"000002.fbat", "index.fbati"} {
		_, err = verify.Run(broken{Memory: files, file: file, open: boom}, verify.Options{Hash: hash})
		require.ErrorIs(t, err, boom)
		require.ErrorIs(t, err, source.ErrRead)
	}
}

// TestStop: an error of any call of Stop ends the run.
func TestStop(t *testing.T) {
	boom := errors.New("boom")
	for n := 0; ; n++ {
		calls := 0
		_, err := verify.Run(directory.Memory(fixture.Store("rotated")), verify.Options{
			Hash: hash,
			Stop: func() error {
				if calls++; calls > n {
					return boom
				}
				return nil
			},
		})
		if calls <= n {
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, 20)
			return
		}
		require.Equal(t, boom, err)
		require.Equal(t, n+1, calls)
	}
}

// TestProgress: done rises to total.
func TestProgress(t *testing.T) {
	var last, of uint64
	_, err := verify.Run(directory.Memory(fixture.Store("rotated")), verify.Options{
		Progress: func(done, total uint64) {
			require.GreaterOrEqual(t, done, last)
			require.True(t, of == 0 || of == total)
			last, of = done, total
		},
	})
	require.NoError(t, err)
	require.Equal(t, of, last)
	require.NotZero(t, of)
}
