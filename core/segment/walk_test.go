package segment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/internal/concurrently"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// log is a segment of ten frames, and the offset of each; the last offset is
// the end of the frames.
type log struct {
	b  []byte
	at []int
}

func newLog(sealed bool) log {
	l := log{b: segment.AppendHeader(nil, segment.Header{SegmentID: 1})}
	var entries []byte
	for i := range 10 {
		l.at = append(l.at, len(l.b))
		body := sample(i, 10+30*(i%4))
		l.b = segment.AppendFrame(l.b, body)
		f := body.Facts(event.Position{Offset: uint64(l.at[i]), Length: uint32(len(l.b) - l.at[i])})
		entries = sidx.AppendEntry(entries, &event.Record{Facts: f, Scope: 1})
	}
	end := len(l.b)
	l.at = append(l.at, end)
	if sealed {
		l.b = append(l.b, "\x92\xa6entity\xa5scope"...)
		l.b = append(l.b, entries...)
		l.b = sidx.AppendTrailer(l.b, sidx.Trailer{TableOffset: uint64(end), Entries: 10})
	}
	return l
}

// walk describes every step in a word: the clock of a whole frame, or the
// damage and the number of frames of l that it spans. It checks that the steps
// and the rest cover every byte once, both from memory and from a file.
func walk(t testing.TB, b []byte, from int) (steps []string, rest segment.Rest, damages []*damage.Refusal) {
	if len(b) > 1<<14 {
		return walkAhead(t, b, from, concurrently.Run, 5000)
	}
	return walkAhead(t, b, from, concurrently.Run, 5000, 1<<20, 700, 1)
}

// walkAhead is walk with frames read ahead, only in blocks of these sizes.
func walkAhead(t testing.TB, b []byte, from int, share func(int, func(int)), blocks ...int) (steps []string, rest segment.Rest, damages []*damage.Refusal) {
	type run struct {
		steps []string
		rest  segment.Rest
		err   error
	}
	var runs []run
	walked := func(src source.Source, block int) {
		w, r := segment.NewWalker(src, uint64(from)), run{}
		damages = nil
		at := uint64(from)
		take := func(until uint64) bool {
			for w.Offset() < until {
				s, ok := w.Next()
				if !ok {
					return false
				}
				if s.Offset != at || s.Length == 0 || s.Offset+s.Length > uint64(len(b)) {
					t.Fatalf("step of %d bytes at %d, after %d of %d", s.Length, s.Offset, at, len(b))
				}
				at += s.Length
				if w.Offset() != at {
					t.Fatalf("the walk is at %d after a step up to %d", w.Offset(), at)
				}
				r.steps = append(r.steps, describe(t, b, &s, block > 0))
				if s.Damage != nil {
					damages = append(damages, s.Damage)
				}
			}
			return true
		}
		if block == 0 {
			take(math.MaxUint64)
		} else {
			w.Blocks(segment.NewAhead(block, share), nil, take)
		}
		r.rest, r.err = w.Rest(), w.Err()
		if r.rest.Offset != at || r.err == nil && at <= uint64(len(b)) && at+r.rest.Length != uint64(len(b)) {
			t.Fatalf("steps end at %d, the rest is %+v of %d", at, r.rest, len(b))
		}
		if _, ok := w.Next(); ok {
			t.Fatal("a step after the last")
		}
		runs = append(runs, r)
	}
	walked(source.Bytes(b), 0)
	walked(noMemory{source.Bytes(b)}, 0)
	for i, block := range blocks {
		if src := source.Source(source.Bytes(b)); (i+len(b))%2 == 0 {
			walked(src, block)
		} else {
			walked(noMemory{src}, block)
		}
	}
	for i, o := range runs {
		if r := runs[0]; strings.Join(r.steps, ",") != strings.Join(o.steps, ",") || r.rest != o.rest || !errors.Is(o.err, r.err) {
			t.Fatalf("walk 0 and walk %d differ:\n%+v\n%+v", i, r, o)
		}
	}
	return runs[0].steps, runs[0].rest, damages
}

// describe checks one step and returns its word. A bare step has no payload.
func describe(t testing.TB, b []byte, s *segment.Step, bare bool) string {
	if s.Body == nil && s.Damage == nil {
		t.Fatal("a step of nothing")
	}
	var words []string
	if s.Damage != nil {
		if s.Damage.Offset != int64(s.Offset) {
			t.Fatalf("damage at %d reported at %d", s.Offset, s.Damage.Offset)
		}
		words = append(words, string(s.Damage.Reason))
	}
	if s.One {
		words = append(words, "one")
	}
	if s.Named {
		words = append(words, fmt.Sprintf("id%d", s.ID[15]))
	}
	if s.Body == nil {
		return strings.Join(words, " ")
	}
	words = append(words, fmt.Sprint(s.Body.Clock))
	raw := b[s.Offset : s.Offset+s.Length]
	body := s.Body
	if bare {
		body = new(segment.Body)
		if err := body.Decode(raw[segment.FrameHead:]); err != nil {
			t.Fatalf("frame at %d: %v", s.Offset, err)
		}
		marker := s.Body.IsMarker() && body.Kind != event.SystemBatchBegin && body.Kind != event.SystemBatchCommit
		if marker && !body.IsMarker() {
			t.Fatalf("frame at %d is no marker", s.Offset)
		}
		got, want := *s.Body, *body
		got.Payload, want.Payload = nil, nil
		got.Meta, want.Meta = event.Meta{}, event.Meta{}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("frame at %d is\n%+v\nnot\n%+v", s.Offset, want, got)
		}
	}
	if again := segment.AppendBody(nil, body); !bytes.Equal(raw[segment.FrameHead:], again) {
		t.Fatalf("frame at %d is not canonical", s.Offset)
	}
	if s.Damage == nil && !bytes.Equal(raw, frame(raw[segment.FrameHead:])) {
		t.Fatalf("frame at %d is not whole", s.Offset)
	}
	return strings.Join(words, " ")
}

// noMemory is a source that has to be read.
type noMemory struct{ source.Source }

// inOrder runs f(0) to f(n-1) one after the other, so that the fuzzer is
// deterministic.
func inOrder(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

// all returns the steps of an undamaged log, some of them replaced.
func all(replace map[int]string) []string {
	var out []string
	for i := range 10 {
		s, ok := replace[i]
		switch {
		case !ok:
			out = append(out, fmt.Sprint(i))
		case s != "":
			out = append(out, s)
		}
	}
	return out
}

// TestDamage damages the fifth frame, among others, in every way that the walk
// distinguishes, in a segment with a footer and in one without.
func TestDamage(t *testing.T) {
	put := func(at func(l log) int, n func(l log) uint32) func(l *log) {
		return func(l *log) { binary.BigEndian.PutUint32(l.b[at(*l):], n(*l)) }
	}
	begin := func(i int) func(l log) int { return func(l log) int { return l.at[i] } }
	span := func(l log, i, k int) uint32 { return uint32(l.at[k] - l.at[i] - segment.FrameHead) }
	insert := func(at func(l log) int, b []byte) func(l *log) {
		return func(l *log) {
			i := at(*l)
			l.b = append(append(bytes.Clone(l.b[:i]), b...), l.b[i:]...)
		}
	}
	flip := func(i, off int) func(l *log) { return func(l *log) { l.b[l.at[i]+off] ^= 0x10 } }
	garbage := make([]byte, 500)
	for i := range garbage {
		garbage[i] = byte(rand.New(rand.NewPCG(1, uint64(i))).Uint32())
	}
	for _, c := range []struct {
		name   string
		damage []func(l *log)
		want   []string
	}{
		{"none", nil, all(nil)},
		{"body", []func(l *log){flip(5, 100)}, all(map[int]string{5: "checksum one id5"})},
		{"id", []func(l *log){flip(5, 8+27+15)}, all(map[int]string{5: "checksum one id21"})},
		{"prefix of the body", []func(l *log){flip(5, 10)}, all(map[int]string{5: "checksum one"})},
		{"checksum", []func(l *log){flip(5, 4)}, all(map[int]string{5: "checksum one id5"})},
		{"length a bit smaller", []func(l *log){put(begin(5), func(l log) uint32 { return span(l, 5, 6) - 1 })}, all(map[int]string{5: "frame_length 5"})},
		{"length a bit larger", []func(l *log){put(begin(5), func(l log) uint32 { return span(l, 5, 6) + 1 })}, all(map[int]string{5: "frame_length 5"})},
		{"length 0", []func(l *log){put(begin(5), func(log) uint32 { return 0 })}, all(map[int]string{5: "frame_length 5"})},
		{"length 1", []func(l *log){put(begin(5), func(log) uint32 { return 1 })}, all(map[int]string{5: "frame_length 5"})},
		{"length to the end", []func(l *log){put(begin(5), func(l log) uint32 { return uint32(len(l.b)-l.at[5]) - segment.FrameHead })}, all(map[int]string{5: "frame_length 5"})},
		{"length past the end", []func(l *log){put(begin(5), func(l log) uint32 { return uint32(len(l.b)-l.at[5]) - segment.FrameHead + 1 })}, all(map[int]string{5: "frame_length 5"})},
		{"length huge", []func(l *log){put(begin(5), func(log) uint32 { return 0xffffffff })}, all(map[int]string{5: "frame_length 5"})},
		{"length just allowed", []func(l *log){put(begin(5), func(log) uint32 { return event.MaxBody })}, all(map[int]string{5: "frame_length 5"})},
		{"length of two frames", []func(l *log){put(begin(5), func(l log) uint32 { return span(l, 5, 7) })}, all(map[int]string{5: "frame_length 5"})},
		{"length and body", []func(l *log){flip(5, 1), flip(5, 100)}, all(map[int]string{5: "frame id5"})},
		{"length and checksum", []func(l *log){flip(5, 3), flip(5, 4)}, all(map[int]string{5: "frame id5"})},
		{"two in a row", []func(l *log){flip(5, 100), flip(6, 100)}, all(map[int]string{5: "checksum one id5", 6: "checksum one id6"})},
		{"three in a row", []func(l *log){flip(5, 100), flip(6, 4), flip(7, 100)}, all(map[int]string{5: "checksum one id5", 6: "checksum one id6", 7: "checksum one id7"})},
		{"two apart", []func(l *log){flip(5, 100), flip(7, 4)}, all(map[int]string{5: "checksum one id5", 7: "checksum one id7"})},
		{"first", []func(l *log){flip(0, 100)}, all(map[int]string{0: "checksum one id0"})},
		{"first, length and body", []func(l *log){flip(0, 1), flip(0, 100)}, all(map[int]string{0: "frame id0"})},
		{"last body", []func(l *log){flip(9, 100)}, all(map[int]string{9: "checksum one id9"})},
		{"last checksum", []func(l *log){flip(9, 4)}, all(map[int]string{9: "checksum one id9"})},
		{"last length", []func(l *log){flip(9, 0)}, all(map[int]string{9: "frame_length 9"})},
		{"body then length", []func(l *log){flip(5, 100), flip(6, 2)}, all(map[int]string{5: "checksum one id5", 6: "frame_length 6"})},
		{"length then body", []func(l *log){flip(5, 2), flip(6, 100)}, all(map[int]string{5: "frame_length 5", 6: "checksum one id6"})},
		{"garbage", []func(l *log){insert(begin(5), garbage)}, all(map[int]string{4: "4,frame"})},
		{"one byte", []func(l *log){insert(begin(5), []byte{7})}, all(map[int]string{4: "4,frame"})},
		{"a byte lost", []func(l *log){func(l *log) { l.b = append(l.b[:l.at[5]], l.b[l.at[5]+1:]...) }}, all(map[int]string{5: "frame"})},
		{"zeros", []func(l *log){insert(begin(5), make([]byte, 4096))}, all(map[int]string{4: "4,frame"})},
		{"eight zeros", []func(l *log){insert(begin(5), make([]byte, 8))}, all(map[int]string{4: "4,frame"})},
		{"frame of zeros", []func(l *log){func(l *log) { clear(l.b[l.at[5]:l.at[6]]) }}, all(map[int]string{5: "frame"})},
		{"frame that is no event", []func(l *log){insert(begin(5), frame([]byte("\x80")))}, all(map[int]string{4: "4,frame_body one"})},
		{"half a frame", []func(l *log){func(l *log) {
			insert(begin(5), bytes.Clone(l.b[l.at[8]:l.at[8]+200]))(l)
		}}, all(map[int]string{4: "4,frame id8"})},
	} {
		for _, sealed := range []bool{false, true} {
			if sealed && (strings.HasPrefix(c.name, "a byte") || strings.Contains("garbage one byte zeros eight zeros frame that is no event half a frame", c.name)) {
				continue // the footer's offset would be wrong too: see below
			}
			t.Run(fmt.Sprintf("%s/%v", c.name, sealed), func(t *testing.T) {
				l := newLog(sealed)
				from, footer := l.at[0], len(l.b)-l.at[10]
				for _, d := range c.damage {
					d(&l)
				}
				steps, rest, _ := walk(t, l.b, from)
				require.Equal(t, strings.Join(c.want, ","), strings.Join(steps, ","))
				require.EqualValues(t, footer, rest.Length)
				require.Equal(t, sealed, rest.Footer)
			})
		}
	}
	// Length and checksum of the last frame before a footer: the footer is
	// still found, and the damage before it is reported.
	l := newLog(true)
	flip(9, 1)(&l)
	flip(9, 100)(&l)
	steps, rest, _ := walk(t, l.b, l.at[0])
	require.Equal(t, all(map[int]string{9: "frame id9"}), steps)
	require.True(t, rest.Footer)
	require.EqualValues(t, l.at[10], rest.Offset)
	// The same when the footer is no footer: then nothing may call it one.
	l.b[l.at[10]] = 0xc1
	steps, rest, _ = walk(t, l.b, l.at[0])
	require.Equal(t, all(map[int]string{9: ""}), steps)
	require.False(t, rest.Footer)
	require.True(t, rest.Named)
	require.EqualValues(t, 9, rest.ID[15])
}

// TestTornEnd cuts a segment at every byte: whole frames, then a rest.
func TestTornEnd(t *testing.T) {
	l := newLog(false)
	for cut := l.at[8]; cut <= len(l.b); cut++ {
		steps, rest, _ := walk(t, l.b[:cut], l.at[0])
		whole := 8
		for l.at[whole+1] <= cut && whole < 9 {
			whole++
		}
		if cut == len(l.b) {
			whole = 10
		}
		require.Equal(t, all(nil)[:whole], steps, cut)
		require.EqualValues(t, l.at[whole], rest.Offset)
		require.False(t, rest.Footer)
		require.Equal(t, rest.Length >= 8+27+16, rest.Named)
	}
	// Zeros that a file system left after the last frame are not frames.
	for _, n := range []int{1, 7, 8, 16, 4096} {
		steps, rest, _ := walk(t, append(bytes.Clone(l.b), make([]byte, n)...), l.at[0])
		require.Equal(t, all(nil), steps)
		require.EqualValues(t, n, rest.Length)
	}
}

// TestSearchBlocks puts a frame after garbage of every length around the blocks
// that a search reads.
func TestSearchBlocks(t *testing.T) {
	f := segment.AppendFrame(nil, sample(3, 10))
	for _, block := range []int{1 << 16, 1<<16 + 1<<18, 1<<16 + 1<<18 + 1<<20} {
		for n := block - 45; n < block+3; n++ {
			b := append(bytes.Repeat([]byte{0xff}, n), f...)
			w := segment.NewWalker(source.Bytes(b), 0)
			s, ok := w.Next()
			require.True(t, ok, n)
			require.EqualValues(t, n, s.Length)
		}
	}
}

func TestWalkFromElsewhere(t *testing.T) {
	l := newLog(true)
	steps, _, _ := walk(t, l.b, l.at[7])
	require.Equal(t, []string{"7", "8", "9"}, steps)
	for _, from := range []int{l.at[10], len(l.b), len(l.b) + 1, len(l.b) + 1000} {
		w := segment.NewWalker(source.Bytes(l.b), uint64(from))
		_, ok := w.Next()
		require.False(t, ok)
		require.NoError(t, w.Err())
		require.EqualValues(t, max(0, len(l.b)-from), w.Rest().Length)
		require.EqualValues(t, from, w.Rest().Offset)
	}
	// The header was damaged: the walk finds the first frame.
	steps, _, _ = walk(t, l.b, 0)
	require.Equal(t, append([]string{"frame"}, all(nil)...), steps)
}

// TestForgedFooter has a scope whose last bytes are a footer without entries.
func TestForgedFooter(t *testing.T) {
	l := newLog(false)
	b := sample(10, 5)
	at := len(l.b)
	// 0x90 is an empty array, and the second byte of a letter in UTF-8.
	b.Scope = sidx.AppendTrailer([]byte("scope\u0090"), sidx.Trailer{})
	length := len(segment.AppendFrame(nil, b))
	b.Scope = sidx.AppendTrailer([]byte("scope\u0090"), sidx.Trailer{TableOffset: uint64(at + length - sidx.MinSize)})
	require.NoError(t, event.CheckName(b.Scope))
	l.b = segment.AppendFrame(l.b, b)

	forged, ok, err := segment.FooterOffset(source.Bytes(l.b))
	require.NoError(t, err)
	require.True(t, ok)
	_, err = segment.Footer(source.Bytes(l.b), forged)
	require.NoError(t, err, "it is a whole footer by itself")

	steps, rest, _ := walk(t, l.b, l.at[0])
	require.Equal(t, append(all(nil), "10"), steps)
	require.Zero(t, rest.Length)
	require.False(t, rest.Footer)

	// Damaged in its length: the event is still kept.
	l.b[at] ^= 0x80
	steps, rest, _ = walk(t, l.b, l.at[0])
	require.Equal(t, append(all(nil), "frame_length 10"), steps)
	require.Zero(t, rest.Length)

	// And in its body: the damage is reported, for any rest.
	l.b[at+100] ^= 1
	steps, _, _ = walk(t, l.b, l.at[0])
	require.Equal(t, append(all(nil), "frame id10"), steps)
}

func TestFooterOffset(t *testing.T) {
	l := newLog(true)
	at, ok, err := segment.FooterOffset(source.Bytes(l.b))
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, l.at[10], at)
	trailer := func(off uint64) []byte { return sidx.AppendTrailer([]byte("\x90"), sidx.Trailer{TableOffset: off}) }
	for _, b := range [][]byte{nil, l.b[:len(l.b)-1], l.b[:l.at[10]], trailer(1), trailer(^uint64(0)), trailer(0)[1:]} {
		_, ok, err := segment.FooterOffset(source.Bytes(b))
		require.NoError(t, err)
		require.False(t, ok)
	}
	_, ok, _ = segment.FooterOffset(source.Bytes(trailer(0)))
	require.True(t, ok)
	_, err = segment.Footer(source.Bytes(l.b), uint64(len(l.b)+1))
	require.ErrorIs(t, err, source.ErrShort)
	_, err = segment.Footer(source.Bytes(l.b), uint64(l.at[9]))
	require.ErrorIs(t, err, damage.Footer)

	broken := errors.New("broken")
	f := &file{Source: source.Bytes(l.b), fail: func(int64, int) error { return broken }}
	_, _, err = segment.FooterOffset(f)
	require.ErrorIs(t, err, broken)
	_, err = segment.Footer(f, at)
	require.ErrorIs(t, err, broken)
}

// TestSourceErrors fails every read of a walk in turn: the walk ends with that
// error and reports no damage.
func TestSourceErrors(t *testing.T) {
	broken := errors.New("broken")
	l := newLog(true)
	for i := range 8 {
		l.b[l.at[i]+100] ^= byte(i % 2)
	}
	l.b[l.at[3]] = 0x80
	big := segment.AppendFrame(nil, sample(11, 3<<20)) // longer than a block
	l.b = append(append(bytes.Clone(l.b[:l.at[10]]), big...), l.b[l.at[2]:l.at[3]]...)
	want, _, _ := walk(t, l.b, l.at[0])
	for k := 0; ; k++ {
		f := &file{Source: source.Bytes(l.b)}
		f.fail = func(int64, int) error {
			if f.reads > k {
				return broken
			}
			return nil
		}
		w := segment.NewWalker(f, uint64(l.at[0]))
		steps := 0
		for {
			s, ok := w.Next()
			if !ok {
				break
			}
			require.Contains(t, want[steps], string(reason(s)))
			steps++
		}
		if w.Err() == nil {
			require.Equal(t, len(want), steps)
			require.Greater(t, k, 1)
			break
		}
		require.ErrorIs(t, w.Err(), broken)
		require.LessOrEqual(t, steps, len(want))
	}
	// A source that is shorter than it says.
	w := segment.NewWalker(shrunk{l.b[:l.at[5]]}, uint64(l.at[0]))
	for {
		if _, ok := w.Next(); !ok {
			break
		}
	}
	require.ErrorIs(t, w.Err(), source.ErrShort)
}

func reason(s segment.Step) damage.Reason {
	if s.Damage == nil {
		return ""
	}
	return s.Damage.Reason
}

type shrunk struct{ source.Bytes }

func (s shrunk) Size() int64 { return int64(len(s.Bytes)) + 100000 }

// TestFalseStarts walks files full of places that look like frames; each would
// cost a read of much of the file.
func TestFalseStarts(t *testing.T) {
	const prefix = "\x83\xa5event\x83\xa6header\x89\xa8event_id\xc4\x10"
	size := 5 << 18
	whole := segment.AppendFrame(nil, sample(1, 40))
	upTo := func(key string) string {
		i := bytes.Index(whole, []byte(key))
		return string(whole[8 : i+len(key)])
	}
	for _, c := range []struct{ name, start string }{
		{"heads only", prefix},
		{"numbers that claim the file", upTo("content_hash") + "\xdd\x00\x00\xff\xff\x01"},
		{"numbers that claim much", upTo("content_hash") + "\xdd\x00\x08\x00\x00\x01"},
		{"payload array", upTo("\xa7payload") + "\xdd\x00\x08\x00\x00\x01"},
		{"payload binary", upTo("\xa7payload") + "\xc6\x00\x08\x00\x00\x01"},
		{"payload map", upTo("\xa7payload") + "\xdf\x00\x04\x00\x00\x01"},
		{"payload string in an array", upTo("\xa7payload") + "\x91\xdb\x00\x10\x00\x00\x01"},
		{"payload binary nearby", upTo("\xa7payload") + "\xc5\xea\x60\x01"},
		{"whole but for the checksum", string(whole[8:])},
	} {
		for _, length := range []uint32{0, uint32(len(c.start)), 1 << 16, 1<<20 + 1, uint32(size), 1 << 31} {
			t.Run(fmt.Sprintf("%s/%d", c.name, length), func(t *testing.T) {
				one := binary.BigEndian.AppendUint32(nil, length)
				one = append(binary.BigEndian.AppendUint32(one, 0xdeadbeef), c.start...)
				b := segment.AppendHeader(nil, segment.Header{})
				from := len(b)
				for len(b) < size {
					if length == uint32(size) { // up to the very end
						binary.BigEndian.PutUint32(one, uint32(size-len(b)-8))
					}
					b = append(b, one...)
				}
				f := &file{Source: source.Bytes(b)}
				var w *segment.Walker
				steps, began := 0, time.Now()
				allocated := fuzzing.Allocated(func() {
					w = segment.NewWalker(f, uint64(from))
					for {
						if _, ok := w.Next(); !ok {
							break
						}
						steps++
					}
				})
				require.Less(t, f.bytes, 30*len(b), "bytes read")
				require.Less(t, allocated, uint64(8*len(b)), "bytes allocated")
				require.Less(t, time.Since(began), 5*time.Second)
				if w.Err() != nil || strings.HasSuffix(c.name, "nearby") {
					require.ErrorIs(t, w.Err(), segment.ErrEffort)
				}
			})
		}
	}
}

// TestManyDamages walks a file in which every other frame is damaged: many
// small repairs must not cost a read each.
func TestManyDamages(t *testing.T) {
	for name, spoil := range map[string]func(b []byte){
		"body":            func(b []byte) { b[100] ^= 1 },
		"length":          func(b []byte) { b[0] ^= 0x80 },
		"length too long": func(b []byte) { b[1] ^= 0x10 },
		"both":            func(b []byte) { b[0] ^= 0x80; b[100] ^= 1 },
		"all of it":       func(b []byte) { clear(b) },
	} {
		t.Run(name, func(t *testing.T) {
			b := segment.AppendHeader(nil, segment.Header{})
			from := len(b)
			const frames = 6000
			for i := range frames {
				f := segment.AppendFrame(nil, sample(i, 20))
				if i%2 == 1 {
					spoil(f)
				}
				b = append(b, f...)
			}
			f := &file{Source: source.Bytes(b)}
			w := segment.NewWalker(f, uint64(from))
			good, bad := 0, 0
			allocated := fuzzing.Allocated(func() {
				for {
					s, ok := w.Next()
					if !ok {
						break
					}
					if s.Body != nil {
						good++
					}
					if s.Damage != nil {
						bad++
					}
				}
			})
			if name == "length too long" {
				// Each costs a read of a megabyte: the walk gives up with an
				// error.
				require.ErrorIs(t, w.Err(), segment.ErrEffort)
			} else {
				require.NoError(t, w.Err())
				require.GreaterOrEqual(t, good, frames/2)
				require.GreaterOrEqual(t, bad, frames/2-1)
				require.Less(t, allocated, uint64(5<<19), "one window, not the file")
			}
			require.Less(t, f.bytes, 20*len(b), "bytes read")
		})
	}
}

// TestLongBody keeps a frame whose length is damaged and whose body is longer
// than any block.
func TestLongBody(t *testing.T) {
	b := segment.AppendHeader(nil, segment.Header{})
	from := len(b)
	for i, n := range []int{10, 3 << 20, 10} {
		f := segment.AppendFrame(nil, sample(i, n))
		if i == 1 {
			f[0] ^= 0x40
		}
		b = append(b, f...)
	}
	steps, _, _ := walk(t, b, from)
	require.Equal(t, []string{"0", "frame_length 1", "2"}, steps)
}

// TestRandomDamage: the walk loses nothing undamaged and invents nothing.
func TestRandomDamage(t *testing.T) {
	for seed := range uint64(1200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		l := newLog(seed%2 == 0)
		b := bytes.Clone(l.b)
		touched := map[int]bool{}
		for range 1 + rng.IntN(3) {
			i := rng.IntN(10)
			at := l.at[i] + rng.IntN(l.at[i+1]-l.at[i])
			b[at] ^= 1 << rng.IntN(8)
			touched[i] = !bytes.Equal(b[l.at[i]:l.at[i+1]], l.b[l.at[i]:l.at[i+1]])
		}
		steps, rest, damages := walk(t, b, l.at[0])
		seen := map[string]bool{}
		for _, s := range steps {
			f := strings.Fields(s)
			seen[f[len(f)-1]] = true
		}
		any := false
		for i := range 10 {
			any = any || touched[i]
			if !touched[i] {
				require.True(t, seen[fmt.Sprint(i)], "seed %d: frame %d is gone: %v", seed, i, steps)
			}
		}
		// The last frame, damaged in length and body, is a torn end.
		require.Equal(t, any, len(damages) > 0 || !rest.Footer && rest.Length > 0, "seed %d", seed)
	}
}

func FuzzHeader(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		var h segment.Header
		var n int
		var err error
		fuzzing.Bounded(t, 0, func() { h, n, err = segment.DecodeHeader(b) })
		if err != nil {
			return
		}
		if again := segment.AppendHeader(nil, h); !bytes.Equal(b[:n], again) {
			t.Fatalf("% x\nbecame\n% x", b[:n], again)
		}
	})
}

func FuzzBody(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b segment.Body
		var err error
		fuzzing.Bounded(t, len(raw), func() { err = b.Decode(raw) })
		if err != nil {
			return
		}
		if again := segment.AppendBody(nil, &b); !bytes.Equal(raw, again) {
			t.Fatalf("% x\nbecame\n% x", raw, again)
		}
		if event.CheckName(b.Entity) != nil || event.CheckName(b.Scope) != nil {
			t.Fatal("a body without names")
		}
		if b.Form == segment.PayloadValue {
			r := msgpack.NewReader(b.Payload)
			r.Skip()
			if r.End() != nil {
				t.Fatal("the payload is not one value")
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, raw := range [][]byte{raw, frame(raw)} {
			var b segment.Body
			var err error
			fuzzing.Bounded(t, len(raw), func() { err = segment.DecodeFrame(raw, &b) })
			id, named := segment.PeekID(raw)
			if err != nil {
				continue
			}
			if again := segment.AppendFrame(nil, &b); !bytes.Equal(raw, again) {
				t.Fatalf("% x\nbecame\n% x", raw, again)
			}
			if !named || id != b.ID {
				t.Fatal("the id cannot be peeked at")
			}
		}
	})
}

// FuzzWalk walks the bytes unchanged, or with every checksum recomputed that
// the lengths lead to.
func FuzzWalk(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if len(b) > 1<<20 {
			return
		}
		from := 0
		if _, n, err := segment.DecodeHeader(b); err == nil {
			from = n
		}
		if mend {
			b = bytes.Clone(b)
			for at := from; len(b)-at >= 8; {
				n := binary.BigEndian.Uint32(b[at:])
				if uint64(n) > uint64(len(b)-at-8) {
					break
				}
				copy(b[at:], frame(b[at+8 : at+8+int(n)])[:8])
				at += 8 + int(n)
			}
		}
		// walk collects words besides.
		fuzzing.Bounded(t, 80*len(b), func() { walkAhead(t, b, from, inOrder, 1<<(6+len(b)%12)) })
	})
}

func FuzzSegmentName(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string) {
		if id, ok := segment.ParseName(name); ok && (id == 0 || segment.Name(id) != name) {
			t.Fatalf("%q is %d", name, id)
		}
	})
}

func TestSeeds(t *testing.T) {
	l, sealed := newLog(false), newLog(true)
	small := func(l log, from, to int) []byte { return append(bytes.Clone(l.b[:l.at[0]]), l.b[l.at[from]:to]...) }
	broken := small(l, 0, l.at[3])
	broken[l.at[1]+100] ^= 1
	length := small(l, 0, l.at[3])
	length[l.at[1]+3] ^= 4
	footer := small(sealed, 10, len(sealed.b))
	bin, value := sample(1, 4), sample(2, 0)
	bin.Form, value.Form, value.Payload = segment.PayloadBin, segment.PayloadValue, []byte("\x81\xa1a\xc3")
	meta := bytes.Clone(l.b[:l.at[0]])
	for i := range 4 {
		meta = segment.AppendFrame(meta, described(i, 10))
		meta = segment.AppendFrame(meta, sample(i, 10))
	}
	meta[len(l.b[:l.at[0]])+3] ^= 4
	var real []byte
	segments(func(name string, b []byte) {
		if name == "options/000001.fbat" {
			real = b
		}
	})
	h, n, err := segment.DecodeHeader(real)
	require.NoError(t, err)
	first := n + 8 + int(binary.BigEndian.Uint32(real[n:]))
	fuzzing.Seeds(t, "FuzzHeader",
		fuzzing.Seed{real[:n]},
		fuzzing.Seed{segment.AppendHeader(nil, segment.Header{Flags: 300, CreatedNS: -h.CreatedNS, SegmentID: 1 << 40})},
		fuzzing.Seed{[]byte("FBAT\xff\xff\xff\xff\x84")},
	)
	fuzzing.Seeds(t, "FuzzBody",
		fuzzing.Seed{real[n+8 : first]},
		fuzzing.Seed{segment.AppendBody(nil, bin)},
		fuzzing.Seed{segment.AppendBody(nil, value)},
		fuzzing.Seed{segment.AppendBody(nil, &segment.Body{Kind: event.SystemBatchBegin, PayloadSize: 3, Entity: []byte("_batch"), Scope: []byte("_system")})},
		fuzzing.Seed{segment.AppendBody(nil, described(1, 4))},
	)
	fuzzing.Seeds(t, "FuzzFrame",
		fuzzing.Seed{real[n:first]},
		fuzzing.Seed{real[n+8 : first]},
		fuzzing.Seed{segment.AppendBody(nil, bin)},
		fuzzing.Seed{make([]byte, 16)},
		fuzzing.Seed{segment.AppendFrame(nil, described(1, 4))},
	)
	fuzzing.Seeds(t, "FuzzWalk",
		fuzzing.Seed{small(l, 8, l.at[10]), false},
		fuzzing.Seed{broken, false},
		fuzzing.Seed{length, false},
		fuzzing.Seed{footer, true},
		fuzzing.Seed{small(l, 9, l.at[10]-30), false},
		fuzzing.Seed{append(small(l, 9, l.at[10]), make([]byte, 64)...), false},
		fuzzing.Seed{meta, false},
		fuzzing.Seed{meta, true},
	)
	fuzzing.Seeds(t, "FuzzSegmentName",
		fuzzing.Seed{"000001.fbat"}, fuzzing.Seed{"+00001.fbat"}, fuzzing.Seed{"18446744073709551615.fbat"}, fuzzing.Seed{"0000001.fbat"},
	)
}
