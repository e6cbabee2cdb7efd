package store_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// lies are changes of an event, which the frame then contradicts.
var lies = map[string]func(*event.Event){
	"id":          func(e *event.Event) { e.ID[3]++ },
	"correlation": func(e *event.Event) { e.Correlation[3]++ },
	"causation":   func(e *event.Event) { e.Causation[3]++ },
	"kind":        func(e *event.Event) { e.Kind++ },
	"wall":        func(e *event.Event) { e.WallMS++ },
	"clock":       func(e *event.Event) { e.Clock++ },
	"prev hash":   func(e *event.Event) { e.PrevHash[31]++ },
	"event hash":  func(e *event.Event) { e.EventHash[31]++ },
	"entity":      func(e *event.Event) { e.Entity = "order:2" },
	"longer":      func(e *event.Event) { e.Entity += "\x00" },
	"scope":       func(e *event.Event) { e.Scope = "shod" },
	"offset":      func(e *event.Event) { e.Position.Offset++ },
	"length":      func(e *event.Event) { e.Position.Length-- },
}

// TestKnownFrame: ReadEach checks a frame that it has read before again if its bytes have
// changed, also if its checksum is right again; what it then returns is what Read returns. So it does if the index now says otherwise.
func TestKnownFrame(t *testing.T) {
	payload := []byte("\xa5hello")
	meta, err := event.DecodeMeta(event.AppendMeta(nil, event.NewMeta(map[string]string{"actor": "Ada"})))
	require.NoError(t, err)
	for name, change := range map[string]func(b *segment.Body){
		"plain":    func(*segment.Body) {},
		"caused":   func(b *segment.Body) { b.Caused, b.Causation = true, event.ID{15: 9} },
		"flags":    func(b *segment.Body) { b.Flags = 1 },
		"metadata": func(b *segment.Body) { b.Meta = meta },
		"bin":      func(b *segment.Body) { b.Form = segment.PayloadBin },
		"size":     func(b *segment.Body) { b.PayloadSize++ },
		"content":  func(b *segment.Body) { b.ContentHash = event.Hash{1} },
		"unhashed": func(b *segment.Body) { b.ContentHash, b.EventHash = event.Hash{}, event.Hash{} },
	} {
		t.Run(name, func(t *testing.T) {
			body := segment.Body{
				ID: event.ID{15: 1}, Correlation: event.ID{15: 1}, TimestampUS: 1_700_000_000_000_000, WallMS: 1_700_000_000_000,
				PayloadSize: uint32(len(payload)), Kind: 0x1000, ContentHash: hash(payload), EventHash: hash(payload), Payload: payload,
				Chained: true, Entity: []byte("order:1"), Scope: []byte("shop"),
			}
			change(&body)
			header := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: 1})
			files := directory.Memory{segment.Name(1): segment.AppendFrame(bytes.Clone(header), &body)}
			s, err := store.Open(onFiles{files}, store.Options{Hash: hash, Seed: 7})
			require.NoError(t, err)
			events := s.Query(query.Region{}, query.Page{})
			for range 3 {
				require.Equal(t, 1, requireSameRead(t, s, events, "known"))
			}
			for what, lie := range lies {
				e := collect(t, events)[0]
				lie(&e)
				for range 2 {
					require.Zero(t, requireSameRead(t, s, seqOf([]event.Event{e}, nil), what), what)
				}
			}
			forged := body
			forged.Payload = []byte("\xa5HELLO")
			files[segment.Name(1)] = segment.AppendFrame(bytes.Clone(header), &forged)
			got, end := inBatches(t, s, events)
			if body.EventHash.IsZero() { // nothing says what the payload should be
				require.NoError(t, end)
				require.Equal(t, "\xa5HELLO", string(got[0].Payload))
				return
			}
			var why *damage.Damage
			require.ErrorAs(t, end, &why)
			require.Equal(t, damage.PayloadHash, why.Reason)
		})
	}
}

// TestKnownFramesAreMany: more events than are remembered.
func TestKnownFramesAreMany(t *testing.T) {
	payloads := make([][]byte, 1<<16+1000)
	for i := range payloads {
		payloads[i] = []byte{0xcd, byte(i >> 8), byte(i)}
	}
	s, events := openFrames(t, payloads, store.Options{})
	for range 2 {
		got, end := inBatches(t, s, seqOf(events, nil))
		require.NoError(t, end)
		require.Len(t, got, len(payloads))
		for i, e := range got {
			require.Equal(t, i, int(e.Sequence))
			if i%6 != 2 { // framesOf gives it another payload
				require.Equal(t, payloads[i], e.Payload)
			}
		}
	}
}
