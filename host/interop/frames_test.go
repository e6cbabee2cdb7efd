package interop_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// frames holds facts from the segments that neither receipts nor an index have: where the batches were
// committed and which segments are sealed.
type frames struct {
	dir  string
	last uint64 // the newest segment
	// in holds the events by the segment their frame is in, in order.
	in map[uint64][]event.ID
	// home is the segment whose footer batpak enters an event in. D19: for the
	// items of a batch that is where COMMIT is, wherever their frames are.
	home map[event.ID]uint64
	// batched are the items of batches.
	batched map[event.ID]bool
	// sealed segments have a footer.
	sealed map[uint64]bool
}

// walk reads the frames with as little of thaw as will do.
func walk(t *testing.T, dir string) *frames {
	f := &frames{
		dir: dir, in: map[uint64][]event.ID{}, home: map[event.ID]uint64{},
		batched: map[event.ID]bool{}, sealed: map[uint64]bool{},
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var open []event.ID // the batch under way
	batch := false
	for _, entry := range entries { // in order of names, here also of ids
		id, ok := segment.ParseName(entry.Name())
		if !ok {
			continue
		}
		f.last = id
		b, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		f.sealed[id] = string(b[len(b)-4:]) == "SIDX"
		_, size, err := segment.DecodeHeader(b)
		require.NoError(t, err)
		b = b[size:]
		for len(b) > 8 {
			n := frameSize(b)
			var body segment.Body
			if n > uint64(len(b)) || segment.DecodeFrame(b[:n], &body) != nil {
				break // the footer
			}
			b = b[n:]
			switch {
			case body.Kind == event.SystemBatchBegin:
				batch, open = true, nil
			case body.Kind == event.SystemBatchCommit:
				for _, item := range open {
					f.home[item] = id
				}
				batch = false
			default:
				f.in[id] = append(f.in[id], body.ID)
				f.home[body.ID] = id
				f.batched[body.ID] = batch
				if batch {
					open = append(open, body.ID)
				}
			}
		}
	}
	require.False(t, batch, "batpak-peer leaves no batch unfinished")
	return f
}

// watermark is the end of the events that index.fbati covers. The zero watermark covers none, as without
// an index.
type watermark struct {
	segment, offset, allocator uint64
}

func (f *frames) watermark(t *testing.T) (w watermark) {
	b, err := os.ReadFile(filepath.Join(f.dir, "index.fbati"))
	if os.IsNotExist(err) {
		return w
	}
	require.NoError(t, err)
	return watermark{
		binary.LittleEndian.Uint64(b[12:]), binary.LittleEndian.Uint64(b[20:]), binary.LittleEndian.Uint64(b[28:]),
	}
}

// wrongFooters lists the sealed segments after the watermark whose footer names
// events that are in earlier segments: D19, a batch went over a rotation. The
// footers of those earlier segments leave the events out, which is no contradiction.
func (f *frames) wrongFooters(w watermark) []string {
	wrong := map[uint64]bool{}
	for id, events := range f.in {
		for _, e := range events {
			wrong[f.home[e]] = wrong[f.home[e]] || f.home[e] != id
		}
	}
	var names []string
	for id := w.segment + 1; id <= f.last; id++ {
		if wrong[id] && f.sealed[id] {
			names = append(names, segment.Name(id))
		}
	}
	return names
}

// frameSize is the size of the frame at the front of b, by its length field.
func frameSize(b []byte) uint64 { return uint64(binary.BigEndian.Uint32(b)) + 8 }
