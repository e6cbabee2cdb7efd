package index_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// counting is scratch space in memory that counts its open files and its bytes.
type counting struct{ files, bytes *int }

func newCounting() counting { return counting{new(int), new(int)} }

func (c counting) Create() (scratch.File, error) {
	*c.files++
	f, err := scratch.Memory{}.Create()
	return countingFile{f, c}, err
}

type countingFile struct {
	scratch.File
	c counting
}

func (f countingFile) Write(b []byte) (int, error) { *f.c.bytes += len(b); return f.File.Write(b) }
func (f countingFile) Close() error                { *f.c.files--; return f.File.Close() }

// bothWays writes the index of an artifact with a Builder and with a Stream.
func bothWays(t require.TestingT, b []byte, seed uint64, contained bool, space scratch.Space, memory, block int) (built, streamed []byte) {
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	in := index.Input{Image: index.FileImage(source.Bytes(b), &h), Names: names, Bounds: anywhere(), Seed: seed}
	tables, err := index.Build(in)
	require.NoError(t, err)
	built = saveIndex(t, tables, b, contained)
	s := index.NewStream(in, space, memory)
	for at := h.RecordsAt(); at < uint64(len(b)); {
		n := min(uint64(block*artifact.RecordSize), uint64(len(b))-at)
		require.NoError(t, s.Add(at, b[at:at+n]))
		at += n
	}
	streamed = saved(t, s, b, contained)
	require.NoError(t, s.Close())
	return built, streamed
}

// saved writes the index of a stream.
func saved(t require.TestingT, s *index.Stream, file []byte, contained bool) []byte {
	return saveWith(t, file, contained, func(in index.Saved, write func(int64, []byte) error) error {
		return s.Save(in, write, nil)
	})
}

// TestStream: a stream writes what a builder writes, byte for byte, whatever its memory.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := models().Draw(t, "model")
		space := newCounting()
		built, streamed := bothWays(t, m.file(t, artifact.MaxAllocator), rapid.Uint64().Draw(t, "seed"), rapid.Bool().Draw(t, "contained"),
			space, rapid.IntRange(0, 20000).Draw(t, "memory"), rapid.IntRange(1, 50).Draw(t, "block"))
		require.True(t, bytes.Equal(built, streamed))
		require.Zero(t, *space.files, "every scratch file is closed")
	})
}

// linked returns n records of which most have a cause and a correlation. Of ids, crowd are
// equal.
func linked(n, crowd int) *model {
	m := &model{names: []string{""}}
	for i := range 50 {
		m.names = append(m.names, fmt.Sprint("order:", i))
	}
	id := func(i int) event.ID {
		h := sha256.Sum256(binary.LittleEndian.AppendUint32(nil, uint32(i)))
		return event.ID(h[:16])
	}
	for i := range n {
		r := event.Record{Entity: uint32(1 + i*7919%43), Scope: uint32(44 + i%7)}
		r.ID, r.Sequence, r.Kind = id(max(i, crowd)), uint64(i), event.Kind(0x1000+i%5*0x1001)
		r.Clock = uint32(i)
		if r.Correlation = r.ID; i%7 > 0 {
			r.Correlation = id(i / 20)
		}
		if i%3 > 0 {
			r.Causation = id(i - 1)
		}
		r.Position = event.Position{Segment: 1 + uint64(i*3/n), Offset: 1000 + 500*uint64(i), Length: 400}
		m.records = append(m.records, r)
	}
	return m
}

// TestStreamLarge: the same with more records than one piece of anything holds, and ids that
// crowd under every seed. The memory stays bounded.
func TestStreamLarge(t *testing.T) {
	for _, c := range []struct{ n, crowd, memory int }{
		{70_000, 0, 1 << 20}, {70_000, 0, 10_000}, {70_000, 2, 1 << 20}, {140_000, 0, 300_000}, {70_000, 600, 1 << 18},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			space := newCounting()
			// A draft interns the names again, in the order of their use.
			built, streamed := bothWays(t, linked(c.n, c.crowd).file(t, artifact.MaxAllocator), 3, true, space, c.memory, 500)
			require.True(t, bytes.Equal(built, streamed))
			require.Zero(t, *space.files)
			require.LessOrEqual(t, *space.bytes, 80*c.n)
		})
	}
}

// TestStreamFails: every error of the scratch space, of the file and of stop is returned,
// and no scratch file stays open.
func TestStreamFails(t *testing.T) {
	b := linked(3000, 0).file(t, artifact.MaxAllocator)
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	errFails := errors.New("fails")
	for calls := 0; ; calls++ {
		left := calls
		fails := func() error {
			if left--; left == -1 { // once: what fails later must not hide that this was dropped
				return errFails
			}
			return nil
		}
		space := newCounting()
		in := index.Input{Image: index.FileImage(source.Bytes(b), &h), Names: names, Bounds: anywhere()}
		s := index.NewStream(in, failing{space, fails}, 30_000)
		require.NoError(t, s.Add(h.RecordsAt(), b[h.RecordsAt():]), "an error of the scratch space comes with the save")
		err = s.Save(index.Saved{Head: [artifact.HeaderSize]byte(b), Size: uint64(len(b)), Sums: new(pages.Sums)},
			func(int64, []byte) error { return fails() }, fails)
		why := s.Close()
		require.Zero(t, *space.files)
		if left >= 0 {
			require.NoError(t, errors.Join(err, why))
			require.Greater(t, calls, 50)
			return
		}
		require.ErrorIs(t, errors.Join(err, why), errFails)
	}
}

type failing struct {
	counting
	fails func() error
}

func (f failing) Create() (scratch.File, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	file, err := f.counting.Create()
	return failingFile{file, f.fails}, err
}

type failingFile struct {
	scratch.File
	fails func() error
}

func (f failingFile) Write(b []byte) (int, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.File.Write(b)
}

func (f failingFile) ReadAt(b []byte, off int64) (int, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, off)
}

func (f failingFile) Close() error { return errors.Join(f.File.Close(), f.fails()) }
