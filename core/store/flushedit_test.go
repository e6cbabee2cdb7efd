package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// TestFlushEdit: an edited flush writes what a flush of the kept records writes, and
// calls Edit once for each record, in order.
func TestFlushEdit(t *testing.T) {
	const per = 40
	files, part := longstore.New(t, per)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	before := strings.SplitAfter(dump(t, whole), "\n")
	for _, first := range []int{0, 1, 2} {
		covered := []int{0, 2 * per, 3 * per}[first] // events before the new file
		for name, keep := range map[string]func(i uint64) bool{
			"all": func(uint64) bool { return true }, "none": func(uint64) bool { return false },
			"thirds": func(i uint64) bool { return i%3 == 0 }, "the first": func(i uint64) bool { return i == uint64(covered) },
			"the last": func(i uint64) bool { return i == 4*per-1 },
		} {
			t.Run(fmt.Sprintf("%s from %d", name, first), func(t *testing.T) {
				s, err := store.Open(directory.Memory(files), store.Options{Seed: 11})
				require.NoError(t, err)
				next := uint64(covered)
				var records, lookups []byte
				f := store.Flush{First: first, To: end, NextSequence: s.Report().NextSequence, Edit: func(r artifact.Raw) bool {
					require.Equal(t, next, r.Sequence())
					next++
					return keep(r.Sequence())
				}}
				require.NoError(t, s.Flush(f, into(&records), into(&lookups)))
				require.EqualValues(t, 4*per, next)
				if name == "all" {
					plainRecords, plain := flushIndex(t, files, first, end)
					require.Equal(t, plainRecords, records)
					require.Equal(t, plain, lookups)
				}
				after := with(files, part, files[part])
				switch first {
				case 0:
					delete(after, part)
					after[artifact.FileName], after[index.FileName] = records, lookups
				case 1:
					delete(after, part)
					after[index.PartName(2, 4)] = lookups
				case 2:
					after[index.PartName(3, 4)] = lookups
				}
				want := ""
				for i, line := range before[:4*per] {
					if i < covered || keep(uint64(i)) {
						want += line
					}
				}
				got, err := store.Open(directory.Memory(after), store.Options{})
				require.NoError(t, err)
				require.Empty(t, got.Report().Rejected)
				require.Zero(t, got.Report().TailEvents)
				require.Equal(t, want, dump(t, got))
				require.Equal(t, uint64(4*per), got.Report().NextSequence)
				if name == "the last" {
					require.False(t, bytes.Contains(records, []byte("order:19")), "a name that no record uses is left out")
				}
			})
		}
	}
}

// failingScratch is scratch space whose calls fail from number n on.
type failingScratch struct{ n, open *int }

var errScratch = errors.New("scratch")

func (f failingScratch) fails() bool { *f.n--; return *f.n < 0 }

func (f failingScratch) Create() (scratch.File, error) {
	if f.fails() {
		return nil, errScratch
	}
	file, err := scratch.Memory{}.Create()
	*f.open++
	return failingScratchFile{file, f}, err
}

type failingScratchFile struct {
	scratch.File
	f failingScratch
}

func (f failingScratchFile) Write(b []byte) (int, error) {
	if f.f.fails() {
		return 0, errScratch
	}
	return f.File.Write(b)
}

func (f failingScratchFile) ReadAt(b []byte, off int64) (int, error) {
	if f.f.fails() {
		return 0, errScratch
	}
	return f.File.ReadAt(b, off)
}

func (f failingScratchFile) Close() error {
	*f.f.open--
	if f.f.fails() {
		return errScratch
	}
	return f.File.Close()
}

// TestFlushScratchFails: an error of the scratch space ends a flush, wherever it comes.
func TestFlushScratchFails(t *testing.T) {
	files, _ := longstore.New(t, 40)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	for calls := 0; ; calls++ {
		s, err := store.Open(directory.Memory(files), store.Options{Seed: 11})
		require.NoError(t, err)
		var records, lookups []byte
		n, open := calls, 0
		err = s.Flush(store.Flush{To: end, NextSequence: s.Report().NextSequence, Scratch: failingScratch{&n, &open}, Edit: func(r artifact.Raw) bool {
			r.SetKind(r.Kind() ^ 1)
			return r.Sequence() > 0
		}}, into(&records), into(&lookups))
		require.Zero(t, open, "every file is closed")
		if n >= 0 {
			require.NoError(t, err)
			require.Greater(t, calls, 3)
			h, err := artifact.ReadHeader(source.Bytes(records))
			require.NoError(t, err)
			require.EqualValues(t, 159, h.Records)
			return
		}
		require.ErrorIs(t, err, errScratch)
	}
}
