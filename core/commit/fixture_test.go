package commit_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// framed is one frame of a segment.
type framed struct {
	raw  []byte
	body segment.Body
}

// frames returns the complete frames of a segment, where the first begins and where the
// last ends.
func frames(t testing.TB, seg []byte) (out []framed, from, end uint64) {
	_, n, err := segment.DecodeHeader(seg)
	require.NoError(t, err)
	w := segment.NewWalker(source.Bytes(seg), uint64(n))
	for {
		s, ok := w.Next()
		if !ok {
			return out, uint64(n), w.Offset()
		}
		require.NotNil(t, s.Body)
		b := *s.Body
		b.Payload, b.Entity, b.Scope = slices.Clone(b.Payload), slices.Clone(b.Entity), slices.Clone(b.Scope)
		out = append(out, framed{seg[s.Offset : s.Offset+s.Length], b})
	}
}

// entry returns the entry whose append writes the frame b.
func entry(b *segment.Body) commit.Entry {
	return commit.Entry{
		Coordinate: event.At(string(b.Entity), string(b.Scope)), Kind: b.Kind, Payload: b.Payload, Hash: b.EventHash,
		ID: b.ID, Key: true, ReservedKind: true, Correlation: b.Correlation, Causation: b.Causation, Flags: b.Flags,
		TimeUS: b.TimestampUS, Timed: true,
	}
}

// clocked returns a marker's frame with the time of the marker as. batpak reads the
// clock for each marker, while the items carry an earlier time.
func clocked(t *testing.T, raw []byte, as *segment.Body) []byte {
	var b segment.Body
	require.NoError(t, segment.DecodeFrame(raw, &b))
	require.Equal(t, b.WallMS, uint64(b.TimestampUS/1000))
	b.TimestampUS, b.WallMS = as.TimestampUS, as.WallMS
	return segment.AppendFrame(nil, &b)
}

// TestFixtures appends the events of batpak's stores. Every frame and every footer must
// equal batpak's.
func TestFixtures(t *testing.T) {
	footers, batches := 0, 0
	for _, name := range fixture.Names() {
		files := fixture.Store(name)
		if files[visibility.FileName] != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			log := commit.NewLog(commit.NoHistory{}, 0)
			for _, file := range fixture.Segments(files) {
				seg := files[file]
				id, _ := segment.ParseName(file)
				fs, from, end := frames(t, seg)
				log.Start(id, from)
				at := from
				for i := 0; i < len(fs); i++ {
					if fs[i].body.Kind != event.SystemBatchBegin {
						e := entry(&fs[i].body)
						r, err := log.Append(&e, -1)
						require.NoError(t, err)
						require.Equal(t, string(fs[i].raw), string(log.Frames()))
						require.Equal(t, event.Position{Segment: id, Offset: at, Length: uint32(len(fs[i].raw))}, r.Position)
						require.Equal(t, fs[i].body.Clock, r.Clock)
						log.Commit()
						at += uint64(len(fs[i].raw))
						continue
					}
					count := int(fs[i].body.PayloadSize)
					if i+count+1 >= len(fs) { // torn-batch
						end = at
						break
					}
					batches++
					var entries []commit.Entry
					for j := range count {
						entries = append(entries, entry(&fs[i+1+j].body))
					}
					receipts, err := log.AppendBatch(nil, entries, -1)
					require.NoError(t, err)
					got := log.Frames()
					for j := range count + 2 {
						f := fs[i+j]
						n := len(f.raw)
						require.GreaterOrEqual(t, len(got), n)
						raw := got[:n]
						if j == 0 || j == count+1 {
							raw = clocked(t, raw, &f.body)
						} else {
							require.Equal(t, event.Position{Segment: id, Offset: at, Length: uint32(n)}, receipts[j-1].Position)
						}
						require.Equal(t, string(f.raw), string(raw), "frame %d of the batch", j)
						got, at = got[n:], at+uint64(n)
					}
					require.Empty(t, got)
					log.Commit()
					i += count + 1
				}
				require.Equal(t, end, log.Offset())
				if int(end) < len(seg) && string(seg[len(seg)-4:]) == "SIDX" {
					footers++
					require.Equal(t, string(seg[end:]), string(log.Footer(nil)), file)
				}
			}
		})
	}
	require.Greater(t, footers, 10)
	require.Equal(t, 4, batches, "two of batch, two of torn-batch")
}
