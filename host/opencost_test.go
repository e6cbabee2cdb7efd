package host_test

import (
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

const (
	madeFrame = 100
	madeFirst = 57
	perEntity = 20
)

// madeArtifact is an index.fbati of n events that is generated while it is read, so that it can be
// large.
type madeArtifact struct {
	front    []byte // header and names
	n        int
	entities int
}

func newMadeArtifact(n int) *madeArtifact {
	a := &madeArtifact{n: n, entities: n / perEntity}
	names := strtab.NewBuilder()
	for i := range a.entities {
		names.Intern([]byte("e" + strconv.Itoa(i)))
	}
	names.Intern([]byte("scope"))
	h := artifact.Header{
		Watermark: artifact.Watermark{Segment: 1, Offset: a.segment()}, Allocator: uint64(n),
		Strings: uint32(names.Len()), Records: uint64(n), TableSize: uint64(names.TableSize()),
	}
	a.front = names.AppendTable(artifact.AppendHeader(nil, &h))
	var sum artifact.Checksum
	b := make([]byte, 1<<20)
	for off := int64(0); off < a.Size(); off += int64(len(b)) {
		b = b[:min(int64(len(b)), a.Size()-off)]
		_, _ = a.ReadAt(b, off)
		sum.Add(uint64(off), b)
	}
	h.CRC = sum.Sum()
	copy(a.front, artifact.AppendHeader(nil, &h))
	return a
}

// segment is how long the one segment is.
func (a *madeArtifact) segment() uint64 { return madeFirst + madeFrame*uint64(a.n) }

func (a *madeArtifact) Size() int64 {
	return int64(len(a.front)) + int64(a.n)*artifact.RecordSize
}

func (a *madeArtifact) ReadAt(p []byte, off int64) (n int, err error) {
	if off < int64(len(a.front)) {
		n = copy(p, a.front[off:])
	}
	var b [artifact.RecordSize]byte
	for n < len(p) {
		at := off + int64(n) - int64(len(a.front))
		i := int(at / artifact.RecordSize)
		if i >= a.n {
			return n, io.EOF
		}
		r := a.record(i)
		artifact.AppendRecord(b[:0], &r)
		n += copy(p[n:], b[at%artifact.RecordSize:])
	}
	return n, nil
}

func (a *madeArtifact) record(i int) (r event.Record) {
	r = event.Record{Entity: uint32(i%a.entities) + 1, Scope: uint32(a.entities) + 1}
	r.Sequence, r.Clock, r.Kind = uint64(i), uint32(i/a.entities), event.Kind(0x1000+i%7)
	binary.BigEndian.PutUint64(r.ID[:], strtab.Mix(uint64(i), 0x9E3779B97F4A7C15))
	binary.BigEndian.PutUint64(r.ID[8:], uint64(i))
	r.Correlation = r.ID
	r.Position = event.Position{Segment: 1, Offset: madeFirst + madeFrame*uint64(i), Length: madeFrame}
	return r
}

// madeFiles are the artifact, its segment, and when they were made its lookups.
type madeFiles struct {
	artifact *madeArtifact
	lookups  source.Bytes
}

func (m *madeFiles) List() ([]coredir.Name, error) {
	return []coredir.Name{{Name: segment.Name(1)}}, nil
}

func (m *madeFiles) size(name string) (size int64, ok bool) {
	switch {
	case name == artifact.FileName:
		return m.artifact.Size(), true
	case name == segment.Name(1):
		return int64(m.artifact.segment()), true
	case name == index.FileName && m.lookups != nil:
		return m.lookups.Size(), true
	}
	return 0, false
}

func (m *madeFiles) Look(name string) (coredir.Entry, error) {
	size, ok := m.size(name)
	if !ok {
		return coredir.Entry{}, source.ErrGone
	}
	return coredir.Entry{Name: name, Size: size, Regular: true}, nil
}

func (m *madeFiles) Open(name string) (source.Source, error) {
	if name == index.FileName {
		return m.lookups, nil
	}
	return m.artifact, nil
}

func newMadeFiles(t *testing.T, n int) *madeFiles {
	m := &madeFiles{artifact: newMadeArtifact(n)}
	s, err := store.Open(m, store.Options{})
	require.NoError(t, err)
	require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
	var b []byte
	require.NoError(t, s.SaveIndex(func(off int64, p []byte) error {
		if need := int(off) + len(p); need > len(b) {
			b = append(b, make([]byte, need-len(b))...)
		}
		copy(b[off:], p)
		return nil
	}))
	m.lookups = b
	return m
}

// countingFS is the files as a file system that counts its calls, each of which
// is one system call of the operating system's.
type countingFS struct {
	*madeFiles
	calls, reads, bytes atomic.Int64
}

func (c *countingFS) ReadDir(string) ([]fsabstraction.Entry, error) {
	c.calls.Add(1)
	var out []fsabstraction.Entry
	for _, name := range []string{segment.Name(1), artifact.FileName, index.FileName} {
		out = append(out, fsabstraction.Entry{Name: name, Type: fsabstraction.Regular})
	}
	return out, nil
}

func (c *countingFS) Lstat(path string) (fsabstraction.Info, error) {
	c.calls.Add(1)
	size, ok := c.size(filepath.Base(path))
	if !ok {
		return fsabstraction.Info{}, fs.ErrNotExist
	}
	return fsabstraction.Info{Size: size, Type: fsabstraction.Regular}, nil
}

func (c *countingFS) Open(path string) (fsabstraction.File, error) {
	c.calls.Add(1)
	src, err := c.madeFiles.Open(filepath.Base(path))
	return countingFile{src, c}, err
}

type countingFile struct {
	source.Source
	fs *countingFS
}

func (f countingFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.calls.Add(1)
	f.fs.reads.Add(1)
	f.fs.bytes.Add(int64(len(p)))
	return f.Source.ReadAt(p, off)
}

func (f countingFile) Size() (int64, error) { return f.Source.Size(), nil }
func (f countingFile) Stat() (fsabstraction.Info, error) {
	f.fs.calls.Add(1)
	return fsabstraction.Info{Size: f.Source.Size(), Type: fsabstraction.Regular}, nil
}
func (f countingFile) Close() error { f.fs.calls.Add(1); return nil }

// cost is the cost of a call.
type cost struct{ calls, reads, bytes, objects int64 }

// TestOpenCostsTheSame opens stores of a thousand and a million events, with THAW_FULL
// of ten million, and counts: an open makes the same calls, reads the same bytes and makes the same
// objects for any number of events, and so does a first question but for a few
// pages more of the checksums' tree.
func TestOpenCostsTheSame(t *testing.T) {
	skipRace(t)
	sizes := []int{1000, 1_000_000}
	if os.Getenv("THAW_FULL") != "" {
		sizes = append(sizes, 10_000_000)
	}
	if raceEnabled || strconv.IntSize == 32 || testing.Short() {
		sizes = []int{1000, 100_000}
	}
	var opens, questions []cost
	for _, n := range sizes {
		c := &countingFS{madeFiles: newMadeFiles(t, n)}
		measure := func(f func()) cost {
			runtime.GC() // the pools are empty
			runtime.GC()
			c.calls.Store(0)
			c.reads.Store(0)
			c.bytes.Store(0)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f()
			runtime.ReadMemStats(&after)
			return cost{c.calls.Load(), c.reads.Load(), c.bytes.Load(), int64(after.Mallocs - before.Mallocs)}
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var r *host.DirReader
		var err error
		opens = append(opens, measure(func() {
			r, err = host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: c})
		}))
		require.NoError(t, err)
		runtime.GC()
		runtime.ReadMemStats(&after)
		require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20), "bytes of heap that an open store keeps")
		report := r.Report()
		require.Equal(t, uint64(n), report.Events)
		require.Equal(t, store.IndexSaved, report.IndexOrigin)
		require.Zero(t, report.IndexBytes)

		entity := "e" + strconv.Itoa(n/perEntity/3)
		got := 0
		questions = append(questions, measure(func() {
			for e, err := range r.Query(t.Context(), host.Region{Entity: entity}, host.Page{}) {
				if err == nil && e.Entity == entity {
					got++
				}
			}
		}))
		require.Equal(t, perEntity, got)
		require.NoError(t, r.Close())
		t.Logf("%d events: open %+v, first question %+v", n, opens[len(opens)-1], questions[len(questions)-1])
	}
	for i := range opens {
		require.Equal(t, opens[0].calls, opens[i].calls)
		require.Equal(t, opens[0].reads, opens[i].reads)
		require.Equal(t, opens[0].bytes, opens[i].bytes)
		require.Equal(t, int64(14), opens[i].calls, "README says so")
		require.Equal(t, int64(4152), opens[i].bytes, "README says so")
		require.InDelta(t, opens[0].objects, opens[i].objects, 8)
		// Each of 20 records lies in a page of its own, as do their checksums.
		require.LessOrEqual(t, questions[i].reads, int64(120))
		require.LessOrEqual(t, questions[i].bytes, int64(400_000))
		require.LessOrEqual(t, questions[i].objects, int64(120))
	}
}
