package segment_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// file is a source that is not memory, and counts the bytes read.
type file struct {
	source.Source
	reads, bytes int
	fail         func(off int64, n int) error
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	f.bytes += len(p)
	if f.fail != nil {
		if err := f.fail(off, len(p)); err != nil {
			return 0, err
		}
	}
	return f.Source.ReadAt(p, off)
}

// frame puts a head before a body.
func frame(body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
	return append(b, body...)
}

// sample returns a body with number n in its id and clock.
func sample(n int, payload int) *segment.Body {
	b := &segment.Body{
		ID: event.ID{0: 1, 15: byte(n), 14: byte(n >> 8)}, TimestampUS: 1_700_000_000_000_000, WallMS: 1_700_000_000_000,
		Clock: uint32(n), PayloadSize: uint32(payload), Kind: event.Data, Payload: bytes.Repeat([]byte{0xa5}, payload),
		Chained: true, Entity: []byte("entity"), Scope: []byte("scope"),
	}
	b.Correlation = b.ID
	return b
}

// valueBodies are payloads in the form PayloadValue.
var valueBodies = [][]byte{
	msgpack.AppendNil(nil),
	msgpack.AppendStr(nil, "text"),
	msgpack.AppendInt(nil, -5),
	{0x91, 0x91, 0x01},
	{0x91, 0xcd, 0x01, 0x2c},       // an array with 300 in it
	{0x92, 0x01, 0xcd, 0x01, 0x2c}, // and a number before it
	{0x91, 0xcc, 0x05},             // an array with 5 in a longer form
	{0xc5, 0x00, 0x01, 'x'},        // a binary in a longer form
	{0x81, 0xa1, 'a', 0xcb, 0, 0, 0, 0, 0, 0, 0, 0},
	{0xd4, 0x01, 0x02},
}

// bodies draws any body that can be written.
func bodies() *rapid.Generator[*segment.Body] {
	return rapid.Custom(func(t *rapid.T) *segment.Body {
		fill := func(p []byte) []byte {
			copy(p, rapid.SliceOfN(rapid.Byte(), len(p), len(p)).Draw(t, "bytes"))
			return p
		}
		name := rapid.OneOf(rapid.StringN(1, 40, 60), rapid.Just(strings.Repeat("n", event.MaxName)), rapid.Just("\x00"))
		b := &segment.Body{
			Caused:      rapid.Bool().Draw(t, "caused"),
			TimestampUS: rapid.Int64().Draw(t, "timestamp"),
			WallMS:      rapid.Uint64().Draw(t, "wall"),
			Counter:     rapid.Uint32().Draw(t, "counter"),
			Depth:       rapid.Uint32Max(300).Draw(t, "depth"),
			Lane:        rapid.Uint32().Draw(t, "lane"),
			Clock:       rapid.Uint32().Draw(t, "clock"),
			PayloadSize: rapid.Uint32().Draw(t, "size"),
			Kind:        event.Kind(rapid.Uint16().Draw(t, "kind")),
			Flags:       rapid.Uint8().Draw(t, "flags"),
			Form:        segment.PayloadForm(rapid.IntRange(0, 2).Draw(t, "form")),
			Chained:     rapid.Bool().Draw(t, "chained"),
			Entity:      []byte(name.Draw(t, "entity")),
			Scope:       []byte(name.Draw(t, "scope")),
			Meta:        metas().Draw(t, "meta"),
		}
		fill(b.ID[:])
		fill(b.Correlation[:])
		fill(b.ContentHash[:])
		if b.Caused {
			fill(b.Causation[:])
		}
		if b.Chained {
			fill(b.PrevHash[:])
			fill(b.EventHash[:])
		}
		if b.Form == segment.PayloadValue {
			b.Payload = rapid.SampledFrom(valueBodies).Draw(t, "value")
		} else {
			n := rapid.SampledFrom([]int{0, 1, 15, 16, 255, 256, 300}).Draw(t, "length")
			b.Payload = fill(make([]byte, n))
		}
		return b
	})
}

// segments calls f with every segment of the fixtures.
func segments(f func(name string, b []byte)) {
	for _, name := range fixture.Names() {
		store := fixture.Store(name)
		for _, seg := range fixture.Segments(store) {
			f(name+"/"+seg, store[seg])
		}
	}
}
