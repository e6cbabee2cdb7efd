package dissect_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

// frames returns frames of the fixtures, at most n of each, and one with metadata.
func frames(n int) (out [][]byte) {
	for _, name := range fixture.Names() {
		for file, b := range fixture.Store(name) {
			if directory.KindOf(file) != directory.KindOf(segment.Name(1)) {
				continue
			}
			_, from, err := segment.DecodeHeader(b)
			if err != nil {
				panic(err)
			}
			w := segment.NewWalker(source.Bytes(b), uint64(from))
			for range n {
				s, ok := w.Next()
				if !ok {
					break
				}
				out = append(out, b[s.Offset:s.Offset+s.Length])
			}
		}
	}
	return append(out, made(func(*segment.Body) {}))
}

// made returns a frame with metadata and every sort of value in its payload.
func made(change func(b *segment.Body)) []byte {
	p := []byte("\x85" + "\xa1a\x93\x01\xff\xcc\xc8" + "\xa1b\xc4\x02\x00\xff" + "\x05\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00" +
		"\x92\xc0\xc2\xd6\xff\x00\x00\x00\x01" + "\xa1d\x81\xa1e\xca\x3f\xc0\x00\x00")
	sum := hash(p)
	b := segment.Body{
		ID: event.ID{15: 1}, Correlation: event.ID{15: 2}, Causation: event.ID{15: 3}, Caused: true, TimestampUS: -5, WallMS: 1 << 40,
		Clock: 7, PayloadSize: uint32(len(p)), Kind: 0x1002, Flags: 3, ContentHash: sum, EventHash: sum, PrevHash: event.Hash{9}, Chained: true,
		Payload: p, Entity: []byte("order:1"), Scope: []byte("shop"), Meta: event.NewMeta(map[string]string{event.MetaActor: "user:7"}),
	}
	change(&b)
	return segment.AppendFrame(nil, &b)
}

// check requires of the spans what every frame has: leaves that tile it, and spans that hold
// those inside them.
func check(t require.TestingT, raw []byte, spans []dissect.Span) {
	wrong := func(s dissect.Span, why string) { require.Fail(t, why, "%+v", s) }
	at := 0
	open := []dissect.Span{{Length: len(raw), Depth: -1}}
	for i, s := range spans {
		if s.Length <= 0 || s.Depth > len(open)-1 || s.At != at {
			wrong(s, "not where the last one ended")
			return
		}
		open = open[:s.Depth+1]
		if in := open[s.Depth]; s.At < in.At || s.At+s.Length > in.At+in.Length {
			wrong(s, "not inside the one before")
		}
		open = append(open, s)
		next := 0
		if i+1 < len(spans) {
			next = spans[i+1].Depth
		}
		if next > s.Depth {
			continue
		}
		at += s.Length
		for _, o := range open[next+1:] {
			if o.At+o.Length != at {
				wrong(o, "does not end where its last leaf does")
			}
		}
	}
	require.Equal(t, len(raw), at)
}

// lines returns spans as indented text.
func lines(spans []dissect.Span) string {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "%s%s %q", strings.Repeat(" ", s.Depth), s.Name, s.Value)
		if s.Type != "" {
			fmt.Fprintf(&b, " (%s)", s.Type)
		}
		b.WriteString([]string{"", " fits", " differs"}[s.Fits])
		b.WriteByte('\n')
	}
	return b.String()
}

// TestSound spells out the spans of a frame.
func TestSound(t *testing.T) {
	raw := made(func(*segment.Body) {})
	f := dissect.Bytes(raw, hash)
	require.Nil(t, f.Refusal)
	check(t, raw, f.Spans)
	sum := strings.Split(lines(f.Spans), "content_hash\" (fixstr)\n")[1][len(`   content_hash "`):][:64]
	require.Equal(t, hash(made2payload(t, raw)).String(), sum)
	body := raw[segment.FrameHead:]
	require.Equal(t, strings.ReplaceAll(`length "`+strconv.Itoa(len(body))+`" fits
crc "`+fmt.Sprintf("%08x", crc32.ChecksumIEEE(body))+`" fits
body "4 pairs" (fixmap)
 pairs "4" (fixmap)
 key "event" (fixstr)
 event "3 pairs" (fixmap)
  pairs "3" (fixmap)
  key "header" (fixstr)
  header "9 pairs" (fixmap)
   pairs "9" (fixmap)
   key "event_id" (fixstr)
   event_id "00000000000000000000000000000001" (bin 8)
   key "correlation_id" (fixstr)
   correlation_id "00000000000000000000000000000002" (bin 8)
   key "causation_id" (fixstr)
   causation_id "00000000000000000000000000000003" (bin 8)
   key "timestamp_us" (fixstr)
   timestamp_us "-5" (negative fixint)
   key "position" (fixstr)
   position "5 pairs" (fixmap)
    pairs "5" (fixmap)
    key "wall_ms" (fixstr)
    wall_ms "1099511627776" (uint 64)
    key "counter" (fixstr)
    counter "0" (positive fixint)
    key "depth" (fixstr)
    depth "0" (positive fixint)
    key "lane" (fixstr)
    lane "0" (positive fixint)
    key "sequence" (fixstr)
    sequence "7" (positive fixint)
   key "payload_size" (fixstr)
   payload_size "43" (positive fixint) fits
   key "event_kind" (fixstr)
   event_kind "0x1002" (uint 16)
   key "flags" (fixstr)
   flags "3" (positive fixint)
   key "content_hash" (fixstr)
   content_hash "SUM" (array 16) fits
  key "payload" (fixstr)
  payload "43 bytes" (array 16)
   elements "43" (array 16)
   value "5 pairs" (fixmap)
    pairs "5" (fixmap)
    key "a" (fixstr)
    a "3 elements" (fixarray)
     elements "3" (fixarray)
     0 "1" (positive fixint)
     1 "-1" (negative fixint)
     2 "200" (uint 8)
    key "b" (fixstr)
    b "00ff" (bin 8)
    key "5" (positive fixint)
    5 "1.5" (float 64)
    key "2 elements" (fixarray)
     elements "2" (fixarray)
     0 "nil" (nil)
     1 "false" (false)
    value "type -1: 00000001" (fixext 4)
    key "d" (fixstr)
    d "1 pair" (fixmap)
     pairs "1" (fixmap)
     key "e" (fixstr)
     e "1.5" (float 32)
  key "hash_chain" (fixstr)
  hash_chain "2 pairs" (fixmap)
   pairs "2" (fixmap)
   key "prev_hash" (fixstr)
   prev_hash "0900000000000000000000000000000000000000000000000000000000000000" (array 16)
   key "event_hash" (fixstr)
   event_hash "SUM" (array 16) fits
 key "entity" (fixstr)
 entity "order:1" (fixstr)
 key "scope" (fixstr)
 scope "shop" (fixstr)
 key "meta" (fixstr)
 meta "1 pair" (fixmap)
  pairs "1" (fixmap)
  key "`+event.MetaActor+`" (fixstr)
  `+event.MetaActor+` "user:7" (fixstr)
`, "SUM", sum), lines(f.Spans))
}

// made2payload returns the payload of a frame.
func made2payload(t *testing.T, raw []byte) []byte {
	var b segment.Body
	require.NoError(t, segment.DecodeFrame(raw, &b))
	return b.Payload
}

// TestFixtures: sound frames have no differing value, and nothing unread.
func TestFixtures(t *testing.T) {
	all := frames(1000)
	require.Greater(t, len(all), 100)
	for _, raw := range all {
		f := dissect.Bytes(raw, hash)
		require.Nil(t, f.Refusal)
		check(t, raw, f.Spans)
		chained, fits := bytes.Contains(raw, []byte("prev_hash")), 0
		for _, s := range f.Spans {
			require.NotEqual(t, "unread", s.Name)
			if s.Name == "payload_size" && !chained {
				continue // of a marker: the number of its events
			}
			require.NotEqual(t, dissect.Differs, s.Fits, "%+v", s)
			if s.Fits == dissect.Fits {
				fits++
			}
		}
		if chained {
			require.Equal(t, 5, fits, "length, crc, payload_size, content_hash, event_hash")
		}
	}
}

// TestForms: a payload in each form that a reader takes.
func TestForms(t *testing.T) {
	bin := made(func(b *segment.Body) { b.Form = segment.PayloadBin })
	f := dissect.Bytes(bin, hash)
	require.Nil(t, f.Refusal)
	check(t, bin, f.Spans)
	require.Contains(t, lines(f.Spans), "  payload \"43 bytes\" (bin 8)\n   bytes \"43\" (bin 8)\n   value \"5 pairs\" (fixmap)\n")
	require.NotContains(t, lines(f.Spans), "differs")

	value := made(func(b *segment.Body) { b.Form = segment.PayloadValue })
	f = dissect.Bytes(value, hash)
	require.Nil(t, f.Refusal)
	check(t, value, f.Spans)
	require.Contains(t, lines(f.Spans), "  payload \"5 pairs\" (fixmap)\n")

	empty := made(func(b *segment.Body) { b.Payload, b.PayloadSize, b.Chained = nil, 0, false })
	f = dissect.Bytes(empty, nil)
	require.Nil(t, f.Refusal)
	check(t, empty, f.Spans)
	require.Contains(t, lines(f.Spans), "  payload \"0 bytes\" (fixarray)\n   elements \"0\" (fixarray)\n  key \"hash_chain\" (fixstr)\n  hash_chain \"nil\" (nil)\n")
}

// TestDamage: what does not fit is said, and the walk goes as far as it can.
func TestDamage(t *testing.T) {
	sound := made(func(*segment.Body) {})
	at := bytes.Index(sound, []byte("\xa5flags")) + 6
	reseal := func(raw []byte) []byte {
		binary.BigEndian.PutUint32(raw, uint32(len(raw)-segment.FrameHead))
		binary.BigEndian.PutUint32(raw[4:], crc32.ChecksumIEEE(raw[segment.FrameHead:]))
		return raw
	}
	change := func(f func(b []byte) []byte) []byte { return f(append([]byte{}, sound...)) }
	for name, c := range map[string]struct {
		raw    []byte
		reason damage.Reason
		lines  []string
	}{
		"a flipped bit": {
			change(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), damage.Checksum, []string{`crc "`, ` differs`, "user:6"},
		},
		"a long length":  {change(func(b []byte) []byte { b[3]++; return b }), damage.Length, []string{`length "`}},
		"a cut head":     {sound[:5], damage.Short, []string{`unread "the frame ends in its head" differs`}},
		"only a head":    {sound[:8], damage.Length, []string{`length "`}},
		"a cut body":     {sound[:at-3], damage.Length, []string{` unread "`, "more is claimed than is left"}},
		"bytes after it": {append(change(func(b []byte) []byte { return b }), 1, 2), damage.Length, []string{` unread "bytes after the body" differs`}},
		"no MessagePack": {
			reseal(change(func(b []byte) []byte { b[at] = 0xc1; return b })), damage.FrameBody,
			[]string{`body "4 pairs" (fixmap) differs`, ` unread "`, "0xc1 is never used"},
		},
		"no map":      {reseal([]byte("lencrc__\x93\x01\x02\x03")), damage.FrameBody, []string{` unread "a map was expected" differs`}},
		"another key": {reseal(change(func(b []byte) []byte { b[at-1] = 'z'; return b })), damage.FrameBody, []string{`flagz "3"`, `body "4 pairs" (fixmap) differs`}},
		"another hash": {
			made(func(b *segment.Body) { b.ContentHash[0]++; b.PayloadSize-- }), "",
			[]string{`(array 16) differs`, `payload_size "42" (positive fixint) differs`},
		},
		"a payload that is no MessagePack": {
			made(func(b *segment.Body) { b.Payload = []byte{0x92, 1, 0xc1, 0xc8} }), "",
			[]string{"    0 \"1\" (positive fixint)\n   unread \"", `  key "hash_chain"`},
		},
		"a payload with a byte too many": {made(func(b *segment.Body) { b.Payload = []byte{1, 0xc8} }), "", []string{`   unread "bytes after the value" differs`}},
	} {
		f := dissect.Bytes(c.raw, hash)
		check(t, c.raw, f.Spans)
		if c.reason == "" {
			require.Nil(t, f.Refusal, name)
		} else {
			require.NotNil(t, f.Refusal, name)
			require.Equal(t, c.reason, f.Refusal.Reason, name)
		}
		for _, line := range c.lines {
			require.Contains(t, lines(f.Spans), line, name)
		}
	}
}

// TestMany: a payload with more values than are listed ends in one span, and what follows it
// is listed all the same.
func TestMany(t *testing.T) {
	values := append([]byte{0xdc, 0x40, 0}, bytes.Repeat([]byte{0xcc, 0xff}, 0x4000)...)
	raw := made(func(b *segment.Body) { b.Payload = values })
	f := dissect.Bytes(raw, hash)
	require.Nil(t, f.Refusal)
	check(t, raw, f.Spans)
	require.Less(t, len(f.Spans), dissect.MaxPayloadSpans+100)
	require.Contains(t, lines(f.Spans), "   rest \"")
	require.Contains(t, lines(f.Spans), ` scope "shop"`)

	deep := append(bytes.Repeat([]byte{0x91}, 10_000), 1)
	raw = made(func(b *segment.Body) { b.Payload = deep })
	f = dissect.Bytes(raw, hash)
	check(t, raw, f.Spans)
	require.Less(t, len(f.Spans), 400)
	require.Contains(t, lines(f.Spans), "   rest \"99")

	long := "x" + strings.Repeat("é", 5000)
	raw = made(func(b *segment.Body) { b.Payload = append([]byte{0xda, 0x27, 0x11}, long...) })
	require.Contains(t, lines(dissect.Bytes(raw, hash).Spans), `"x`+strings.Repeat("é", 127)+`…"`)
}

// TestFlips: no single flipped bit and no cut of a frame goes unexplained.
func TestFlips(t *testing.T) {
	raw := made(func(*segment.Body) {})
	for i := range 8 * len(raw) {
		bad := append([]byte{}, raw...)
		bad[i/8] ^= 1 << (i % 8)
		f := dissect.Bytes(bad, hash)
		check(t, bad, f.Spans)
		require.NotNil(t, f.Refusal)
	}
	for n := range raw {
		f := dissect.Bytes(raw[:n], hash)
		check(t, raw[:n], f.Spans)
		require.NotNil(t, f.Refusal)
	}
}

// TestAnything: any MessagePack in a body, and any bytes.
func TestAnything(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"\x82", "\x83\xa5event\x83\xa6header\x89", "\xa7payload", "\xdc\x00\x10", "\x9f", "\xcc\xff", "\x01", "\xa5event", "\xa6header", "\x81", "\xc0",
		"\xdd\xff\xff\xff\xff", "\xdf\x00\x00\x00\x01", "\xc1", "\xacpayload_size\x05", "\xaccontent_hash\xdc\x00\x20", "\xc4\x02\x91\x01", "\xda\x00\x01x",
	})
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		raw := append([]byte{0, 0, 0, byte(len(body)), 1, 2, 3, 4}, body...)
		check(t, raw, dissect.Bytes(raw, hash).Spans)
	})
}

// FuzzBytes: any bytes are dissected, with memory in proportion to them.
func FuzzBytes(f *testing.F) {
	for _, raw := range frames(2) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got dissect.Frame
		bound := uint64(8<<20 + 64*len(raw))
		require.Less(t, fuzzing.Allocated(func() { got = dissect.Bytes(raw, hash) }), bound)
		check(t, raw, got.Spans)
		require.Equal(t, got.Refusal == nil, segment.DecodeFrame(raw, new(segment.Body)) == nil)
	})
}

// TestSeeds maintains the seeds of FuzzBytes.
func TestSeeds(t *testing.T) {
	var seeds []fuzzing.Seed
	for _, raw := range [][]byte{
		made(func(*segment.Body) {}), made(func(b *segment.Body) { b.Form = segment.PayloadBin }), made(func(b *segment.Body) { b.Form = segment.PayloadValue }),
		made(func(b *segment.Body) { b.Payload = []byte{0x92, 1, 0xc1} }), made(func(*segment.Body) {})[:200],
	} {
		seeds = append(seeds, fuzzing.Seed{raw})
	}
	fuzzing.Seeds(t, "FuzzBytes", seeds...)
}
