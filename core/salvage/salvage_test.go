package salvage_test

import (
	"encoding/binary"
	"maps"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

// content is what must be the same of an event before and after.
type content struct {
	event.Facts
	event.Coordinate
	TimestampUS int64
	Flags       uint8
	Meta        event.Meta
	Payload     string
}

// contents returns all readable events of a store by id, hidden ones too.
func contents(t testing.TB, files directory.Files) map[event.ID]content {
	s, err := store.Open(files, store.Options{Hash: hash, ShowHidden: true})
	require.NoError(t, err)
	out := map[event.ID]content{}
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		full, err := s.Read(e)
		if err != nil {
			continue
		}
		c := content{full.Facts, full.Coordinate, full.TimestampUS, full.Flags, full.Meta, string(full.Payload)}
		c.Position = event.Position{}
		out[e.ID] = c
	}
	return out
}

// visible returns the sequences that readers see.
func visible(t testing.TB, files directory.Files) []uint64 {
	s, err := store.Open(files, store.Options{Hash: hash})
	require.NoError(t, err)
	var out []uint64
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		out = append(out, e.Sequence)
	}
	return out
}

// salvaged salvages a store into another one.
func salvaged(t testing.TB, files directory.Files, o salvage.Options) (directory.Memory, *salvage.Report) {
	o.Hash = hash
	s, err := salvage.Examine(files, o)
	require.NoError(t, err)
	return written(t, s), s.Report()
}

func written(t testing.TB, s *salvage.Salvage) directory.Memory {
	out := directory.Memory{}
	_, err := s.Write(extract.Options{}, func(file uint32, b []byte) error {
		name := segment.Name(uint64(file))
		out[name] = append(out[name], b...)
		return nil
	})
	require.NoError(t, err)
	if r := s.Report().HiddenRanges; len(r) > 0 {
		out[visibility.FileName] = visibility.AppendFile(nil, r)
	}
	return out
}

// requireSound requires that verification finds nothing.
func requireSound(t testing.TB, files directory.Files) {
	r, err := verify.Run(files, verify.Options{Hash: hash})
	require.NoError(t, err)
	require.NoError(t, r.Err())
}

// small makes a store of three segments: single events, batches, an entity in all of them,
// hidden events; the last segment is not sealed.
func small(t testing.TB, sealed bool) directory.Memory {
	files := directory.Memory{}
	log := commit.NewLog(commit.NoHistory{}, 0)
	n, now := 0, int64(1_790_000_000_000_000)
	entry := func(entity string) commit.Entry {
		n++
		payload := []byte{0x81, 0xa1, 'n', byte(n & 0x7f)}
		e := commit.Entry{Coordinate: event.At(entity, "s"), Kind: 0x1000, Payload: payload, Hash: hash(payload)}
		binary.BigEndian.PutUint64(e.ID[:], uint64(n)<<32|0x7000)
		return e
	}
	for id := uint64(1); id <= 3; id++ {
		b := segment.AppendHeader(nil, segment.Header{CreatedNS: 1_790_000_000_000_000_000, SegmentID: id})
		log.Start(id, uint64(len(b)))
		for i := range 2 {
			now += 1000
			e := entry("one")
			_, err := log.Append(&e, now)
			require.NoError(t, err)
			if i == 0 {
				_, err = log.AppendBatch(nil, []commit.Entry{entry("one"), entry("of:" + strconv.FormatUint(id, 10))}, now)
				require.NoError(t, err)
			}
		}
		b = append(b, log.Frames()...)
		log.Commit()
		if id < 3 || sealed {
			b = log.Footer(b)
		}
		files[segment.Name(id)] = b
	}
	files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 5, End: 6}})
	return files
}

// indexed adds index.fbati and index.thaw.
func indexed(t testing.TB, files directory.Memory) directory.Memory {
	files = maps.Clone(files)
	s, err := store.Open(files, store.Options{Hash: hash})
	require.NoError(t, err)
	last := fixture.Segments(files)[len(fixture.Segments(files))-1]
	id, _ := segment.ParseName(last)
	write := func(name string) func(off int64, p []byte) error {
		return func(off int64, p []byte) error {
			b := files[name]
			if need := int(off) + len(p); len(b) < need {
				b = append(b, make([]byte, need-len(b))...)
			}
			copy(b[off:], p)
			files[name] = b
			return nil
		}
	}
	f := store.Flush{To: artifact.Watermark{Segment: id, Offset: uint64(len(files[last]))}, NextSequence: s.Report().NextSequence}
	require.NoError(t, s.Flush(f, write(artifact.FileName), write(index.FileName)))
	return files
}

// TestSound: the salvage of a sound store has the same events and an empty report, and so
// has the salvage of a salvage, which has the same bytes.
func TestSound(t *testing.T) {
	stores := map[string]directory.Memory{
		"made": small(t, true), "unsealed": small(t, false), "indexed": indexed(t, small(t, true)),
		"indexed, unsealed": indexed(t, small(t, false)),
	}
	for _, name := range fixture.Names() {
		stores[name] = fixture.Store(name)
	}
	for name, files := range stores {
		t.Run(name, func(t *testing.T) {
			before := maps.Clone(files)
			got, r := salvaged(t, files, salvage.Options{})
			require.Empty(t, r.Findings)
			require.Empty(t, r.Files)
			require.True(t, r.Whole())
			require.Equal(t, contents(t, files), contents(t, got))
			require.Equal(t, visible(t, files), visible(t, got))
			require.Len(t, contents(t, files), int(r.Events))
			requireSound(t, got)
			again, r := salvaged(t, got, salvage.Options{})
			require.True(t, r.Whole())
			require.Equal(t, got, again)
			require.Equal(t, before, files, "the store was changed")
		})
	}
}
