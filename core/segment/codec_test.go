package segment_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	oracle "github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// TestFixtures encodes every segment again from its decoded content.
func TestFixtures(t *testing.T) {
	frames := 0
	segments(func(name string, b []byte) {
		h, from, err := segment.DecodeHeader(b)
		require.NoError(t, err)
		again := segment.AppendHeader(nil, h)
		w := segment.NewWalker(source.Bytes(b), uint64(from))
		for {
			s, ok := w.Next()
			if !ok {
				break
			}
			require.Nil(t, s.Damage, name)
			again = segment.AppendFrame(again, s.Body)
			frames++
		}
		require.NoError(t, w.Err())
		rest := w.Rest()
		if rest.Footer {
			f, err := segment.Footer(source.Bytes(b), rest.Offset)
			require.NoError(t, err)
			names := new(strtab.Builder)
			for i := range f.Names.Len() {
				names.Intern(f.Names.At(uint32(i)))
			}
			again = names.AppendTable(again)
			for i := range f.Len() {
				e := f.Entry(i)
				again = sidx.AppendEntry(again, &e)
			}
			again = sidx.AppendTrailer(again, sidx.Trailer{TableOffset: rest.Offset, Entries: uint32(f.Len())})
		}
		if rest.Length > 0 && !rest.Footer {
			require.Equal(t, "torn-batch/000001.fbat", name)
			again = append(again, b[rest.Offset:]...)
		}
		require.True(t, bytes.Equal(b, again), name)
	})
	require.Greater(t, frames, 200)
}

// TestEmptySegment has every byte of a segment, except its time and names.
func TestEmptySegment(t *testing.T) {
	b := fixture.Store("empty")["000001.fbat"]
	h, from, err := segment.DecodeHeader(b)
	require.NoError(t, err)
	require.EqualValues(t, 1, h.SegmentID)
	want := []string{
		"46424154", // FBAT
		"00000031", // 49 bytes of header, big-endian
		"84",       // a map of four
		"a7" + hexOf("version") + "01",
		"a5" + hexOf("flags") + "00",
		"aa" + hexOf("created_ns") + "cf" + fmt.Sprintf("%016x", uint64(h.CreatedNS)),
		"aa" + hexOf("segment_id") + "01",
	}
	require.Equal(t, strings.Join(want, ""), hex.EncodeToString(b[:from]))
}

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }

// ordered is a map in a given order, for the oracle.
type ordered []any

func (o ordered) EncodeMsgpack(enc *oracle.Encoder) error {
	if err := enc.EncodeMapLen(len(o) / 2); err != nil {
		return err
	}
	for _, v := range o {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

// numbers are bytes, encoded as an array of integers.
type numbers []byte

func (n numbers) EncodeMsgpack(enc *oracle.Encoder) error {
	if err := enc.EncodeArrayLen(len(n)); err != nil {
		return err
	}
	for _, c := range n {
		if err := enc.EncodeUint(uint64(c)); err != nil {
			return err
		}
	}
	return nil
}

// TestBodyAgainstOracle encodes random bodies with another encoder.
func TestBodyAgainstOracle(t *testing.T) {
	var reused segment.Body
	rapid.Check(t, func(t *rapid.T) {
		b := bodies().Draw(t, "body")
		id := func(id event.ID) []byte { return id[:] }
		var causation, chain any
		if b.Caused {
			causation = id(b.Causation)
		}
		if b.Chained {
			chain = ordered{"prev_hash", numbers(b.PrevHash[:]), "event_hash", numbers(b.EventHash[:])}
		}
		var payload any = numbers(b.Payload)
		switch b.Form {
		case segment.PayloadBin:
			payload = b.Payload
		case segment.PayloadValue:
			payload = oracle.RawMessage(b.Payload)
		}
		var want bytes.Buffer
		enc := oracle.NewEncoder(&want)
		enc.UseCompactInts(true)
		fields := ordered{
			"event", ordered{
				"header", ordered{
					"event_id", id(b.ID), "correlation_id", id(b.Correlation), "causation_id", causation,
					"timestamp_us", b.TimestampUS,
					"position", ordered{"wall_ms", b.WallMS, "counter", b.Counter, "depth", b.Depth, "lane", b.Lane, "sequence", b.Clock},
					"payload_size", b.PayloadSize, "event_kind", uint16(b.Kind), "flags", b.Flags,
					"content_hash", numbers(b.ContentHash[:]),
				},
				"payload", payload,
				"hash_chain", chain,
			},
			"entity", string(b.Entity), "scope", string(b.Scope),
		}
		if b.Meta.Len() > 0 {
			var meta ordered
			for key, value := range b.Meta.All() {
				meta = append(meta, key, value)
			}
			fields = append(fields, "meta", meta)
		}
		require.NoError(t, enc.Encode(fields))
		got := segment.AppendBody([]byte("before"), b)[len("before"):]
		require.Equal(t, want.Bytes(), got)

		raw := segment.AppendFrame(nil, b)
		require.Equal(t, frame(got), raw)
		require.NoError(t, segment.DecodeFrame(raw, &reused))
		require.Equal(t, string(b.Payload), string(reused.Payload))
		same := reused
		same.Payload = b.Payload
		require.Equal(t, *b, same)
		found, ok := segment.PeekID(raw)
		require.True(t, ok)
		require.Equal(t, b.ID, found)

		p := event.Position{Segment: 3, Offset: 4, Length: 5}
		require.Equal(t, event.Facts{
			ID: b.ID, Correlation: b.Correlation, Causation: b.Causation, Kind: b.Kind, WallMS: b.WallMS,
			Clock: b.Clock, PrevHash: b.PrevHash, EventHash: b.EventHash, Position: p,
		}, b.Facts(p))
	})
}

func TestPeekID(t *testing.T) {
	raw := segment.AppendFrame(nil, sample(1, 10))
	for n := range raw {
		_, ok := segment.PeekID(raw[:n])
		require.Equal(t, n >= 8+27+16, ok, n)
	}
	for i := 8; i < 8+27; i++ {
		b := bytes.Clone(raw)
		b[i] ^= 1
		_, ok := segment.PeekID(b)
		require.False(t, ok, i)
	}
}

func TestBodyRefusals(t *testing.T) {
	good := string(segment.AppendBody(nil, sample(1, 3)))
	decode := func(s string) error { var b segment.Body; return b.Decode([]byte(s)) }
	require.NoError(t, decode(good))
	id := string(append([]byte("\xc4\x10"), sample(1, 0).ID[0:]...))
	hash := "\xdc\x00\x20" + strings.Repeat("\x00", 32)
	for _, c := range []struct {
		name, from, to string
		want           error
	}{
		{"not a map", "\x83\xa5event", "\x93\xa5event", msgpack.ErrType},
		{"two keys", "\x83\xa5event", "\x82\xa5event", msgpack.ErrType},
		{"array root", "\x83\xa5event\x83", "\x90", msgpack.ErrType},
		{"other key", "\xa5event\x83", "\xa5evenT\x83", msgpack.ErrKey},
		{"key in a longer form", "\xa5event\x83", "\xd9\x05event\x83", msgpack.ErrSpelling},
		{"map in a longer form", "\x83\xa5event\x83", "\x83\xa5event\xde\x00\x03", msgpack.ErrSpelling},
		{"header of eight", "\x89\xa8event_id", "\x88\xa8event_id", msgpack.ErrType},
		{"id of 15", "\xa8event_id" + id, "\xa8event_id\xc4\x0f" + id[3:], segment.ErrIDSize},
		{"id of 17", "\xa8event_id" + id, "\xa8event_id\xc4\x11x" + id[2:], segment.ErrIDSize},
		{"id is a string", "\xa8event_id" + id, "\xa8event_id\xb0" + id[2:], msgpack.ErrType},
		{"id is nil", "\xa8event_id" + id, "\xa8event_id\xc0", msgpack.ErrType},
		{"correlation is nil", "correlation_id" + id, "correlation_id\xc0", msgpack.ErrType},
		{"empty correlation", "correlation_id" + id, "correlation_id\xc4\x00", segment.ErrIDSize},
		{"causation of 15", "causation_id\xc0", "causation_id\xc4\x0f" + id[3:], segment.ErrIDSize},
		{"causation is false", "causation_id\xc0", "causation_id\xc2", msgpack.ErrType},
		{"time is a float", "timestamp_us\xcf", "timestamp_us\xcb", msgpack.ErrType},
		{"time above int64", "timestamp_us\xcf\x00", "timestamp_us\xcf\xff", msgpack.ErrRange},
		{"position of four", "\x85\xa7wall_ms", "\x84\xa7wall_ms", msgpack.ErrType},
		{"negative wall", "wall_ms\xcf", "wall_ms\xd3", msgpack.ErrType},
		{"counter above u32", "counter\x00", "counter\xcf\x00\x00\x00\x01\x00\x00\x00\x00", msgpack.ErrRange},
		{"clock above u32", "sequence\x01", "sequence\xcf\x00\x00\x00\x01\x00\x00\x00\x00", msgpack.ErrRange},
		{"clock in a longer form", "sequence\x01", "sequence\xcc\x01", msgpack.ErrSpelling},
		{"size above u32", "payload_size\x03", "payload_size\xcf\x00\x00\x00\x01\x00\x00\x00\x00", msgpack.ErrRange},
		{"negative size", "payload_size\x03", "payload_size\xff", msgpack.ErrType},
		{"kind above u16", "event_kind\xcd\x10\x00", "event_kind\xce\x00\x01\x00\x00", msgpack.ErrRange},
		{"flags above u8", "flags\x00", "flags\xcd\x01\x00", msgpack.ErrRange},
		{"hash of 31", "content_hash\xdc\x00\x20\x00", "content_hash\xdc\x00\x1f", msgpack.ErrType},
		{"hash of 33", "content_hash\xdc\x00\x20", "content_hash\xdc\x00\x21\x00", msgpack.ErrType},
		{"hash is a bin", "content_hash\xdc\x00\x20", "content_hash\xc4\x20", msgpack.ErrType},
		{"hash with 300", "content_hash\xdc\x00\x20\x00", "content_hash\xdc\x00\x20\xcd\x01\x2c", msgpack.ErrType},
		{"hash claims 2^32-1", "content_hash\xdc\x00\x20", "content_hash\xdd\xff\xff\xff\xff", msgpack.ErrShort},
		{"payload is nothing", "payload\x93\xcc\xa5\xcc\xa5\xcc\xa5", "payload\xc1", msgpack.ErrType},
		{"payload claims 2^32-1", "payload\x93", "payload\xdd\xff\xff\xff\xff", msgpack.ErrShort},
		{"payload bin claims 2^32-1", "payload\x93", "payload\xc6\xff\xff\xff\xff", msgpack.ErrShort},
		{"payload is a depth bomb", "payload\x93", "payload" + strings.Repeat("\x91", 200), msgpack.ErrDepth},
		{"one number too few", "payload\x93", "payload\x92", msgpack.ErrType},
		{"chain is an array", "hash_chain\x82", "hash_chain\x92", msgpack.ErrType},
		{"chain of one", "hash_chain\x82", "hash_chain\x81", msgpack.ErrType},
		{"chain hash is nil", "prev_hash" + hash, "prev_hash\xc0", msgpack.ErrType},
		{"empty entity", "\xa6entity\xa6entity", "\xa6entity\xa0", event.ErrNameEmpty},
		{"entity is no UTF-8", "\xa6entity\xa6entity", "\xa6entity\xa1\xff", event.ErrNameUTF8},
		{"long entity", "\xa6entity\xa6entity", "\xa6entity\xda\x04\x01" + strings.Repeat("n", 1025), event.ErrNameLong},
		{"entity is a bin", "\xa6entity\xa6entity", "\xa6entity\xc4\x06entity", msgpack.ErrType},
		{"empty scope", "\xa5scope\xa5scope", "\xa5scope\xa0", event.ErrNameEmpty},
		{"scope claims 4 GiB", "\xa5scope\xa5scope", "\xa5scope\xdb\xff\xff\xff\xff", msgpack.ErrShort},
		{"scope before entity", "\xa6entity\xa6entity\xa5scope\xa5scope", "\xa5scope\xa5scope\xa6entity\xa6entity", msgpack.ErrKey},
		{"entity twice", "\xa5scope\xa5scope", "\xa6entity\xa5scope", msgpack.ErrKey},
		{"trailing bytes", "\xa5scope\xa5scope", "\xa5scope\xa5scope\x00", msgpack.ErrTrailing},
		{"cut short", "\xa5scope\xa5scope", "\xa5scope\xa5scop", msgpack.ErrShort},
	} {
		require.Equal(t, 1, strings.Count(good, c.from), c.name)
		bad := strings.Replace(good, c.from, c.to, 1)
		require.ErrorIs(t, decode(bad), c.want, c.name)
		err := segment.DecodeFrame(frame([]byte(bad)), new(segment.Body))
		require.ErrorIs(t, err, damage.FrameBody, c.name)
		require.ErrorIs(t, err, c.want, c.name)
	}
	for n := range len(good) {
		require.Error(t, decode(good[:n]))
	}
	// An id of zeros is not the decoder's business, and causation of zeros keeps
	// its spelling.
	zeros := strings.Replace(good, "causation_id\xc0", "causation_id\xc4\x10"+strings.Repeat("\x00", 16), 1)
	var b segment.Body
	require.NoError(t, b.Decode([]byte(zeros)))
	require.True(t, b.Caused)
	require.Equal(t, zeros, string(segment.AppendBody(nil, &b)))
}

func TestFrameRefusals(t *testing.T) {
	good := segment.AppendFrame(nil, sample(1, 3))
	change := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	for _, c := range []struct {
		name string
		in   []byte
		want damage.Reason
	}{
		{"nothing", nil, damage.Short},
		{"seven bytes", good[:7], damage.Short},
		{"length", change(3), damage.Length},
		{"cut", good[:len(good)-1], damage.Length},
		{"more", append(bytes.Clone(good), 0), damage.Length},
		{"checksum", change(7), damage.Checksum},
		{"body", change(100), damage.Checksum},
		{"no body", make([]byte, 8), damage.FrameBody},
		{"no event", frame([]byte("\x80")), damage.FrameBody},
	} {
		require.ErrorIs(t, segment.DecodeFrame(c.in, new(segment.Body)), c.want, c.name)
	}
}

func TestHeaderRefusals(t *testing.T) {
	good := segment.AppendHeader(nil, segment.Header{CreatedNS: 5, SegmentID: 9})
	swap := func(from, to string) []byte {
		require.Equal(t, 1, bytes.Count(good, []byte(from)), from)
		b := bytes.Replace(good, []byte(from), []byte(to), 1)
		binary.BigEndian.PutUint32(b[4:], uint32(len(b)-8))
		return b
	}
	length := func(n uint32) []byte { b := bytes.Clone(good); binary.BigEndian.PutUint32(b[4:], n); return b }
	for _, c := range []struct {
		name  string
		in    []byte
		want  damage.Reason
		cause error
	}{
		{"nothing", nil, damage.Short, nil},
		{"seven bytes", good[:7], damage.Short, nil},
		{"header cut", good[:len(good)-1], damage.Short, nil},
		{"magic", append([]byte("FBAT"[:3]+"x"), good[4:]...), damage.Magic, nil},
		{"4097 bytes", length(4097), damage.Header, segment.ErrHeaderSize},
		{"4 GiB", length(math.MaxUint32), damage.Header, segment.ErrHeaderSize},
		{"no header", length(0), damage.Header, msgpack.ErrShort},
		{"a byte too few", length(uint32(len(good) - 9)), damage.Header, nil},
		{"version 0", swap("version\x01", "version\x00"), damage.Version, nil},
		{"version 2", swap("version\x01", "version\x02"), damage.Version, nil},
		{"version is nil", swap("version\x01", "version\xc0"), damage.Header, msgpack.ErrType},
		{"three keys", swap("\x84\xa7version", "\x83\xa7version"), damage.Header, msgpack.ErrType},
		{"five keys", swap("\x84\xa7version", "\x85\xa7version"), damage.Header, msgpack.ErrType},
		{"key twice", swap("\xa5flags\x00", "\xa7version\x01"), damage.Header, msgpack.ErrKey},
		{"negative flags", swap("flags\x00", "flags\xff"), damage.Header, msgpack.ErrType},
		{"time is nil", swap("created_ns\x05", "created_ns\xc0"), damage.Header, msgpack.ErrType},
		{"id in a longer form", swap("segment_id\x09", "segment_id\xcc\x09"), damage.Header, msgpack.ErrSpelling},
		{"trailing bytes", swap("segment_id\x09", "segment_id\x09\x00"), damage.Header, msgpack.ErrTrailing},
	} {
		h, n, err := segment.DecodeHeader(c.in)
		require.ErrorIs(t, err, c.want, c.name)
		require.Zero(t, n, c.name)
		require.Zero(t, h, c.name)
		if c.cause != nil {
			require.ErrorIs(t, err, c.cause, c.name)
		}
	}
	n, err := segment.HeaderSize(length(4096))
	require.NoError(t, err)
	require.Equal(t, 4104, n)
}

func TestHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := segment.Header{Flags: rapid.Uint64().Draw(t, "flags"), CreatedNS: rapid.Int64().Draw(t, "created"), SegmentID: rapid.Uint64().Draw(t, "id")}
		b := segment.AppendHeader([]byte("x"), h)[1:]
		got, n, err := segment.DecodeHeader(append(bytes.Clone(b), "frames"...))
		require.NoError(t, err)
		require.Equal(t, h, got)
		require.Equal(t, len(b), n)
	})
}

func TestNames(t *testing.T) {
	for id, name := range map[uint64]string{
		1: "000001.fbat", 999999: "999999.fbat", 1000000: "1000000.fbat", math.MaxUint64: "18446744073709551615.fbat",
	} {
		require.Equal(t, name, segment.Name(id))
		got, ok := segment.ParseName(name)
		require.True(t, ok, name)
		require.Equal(t, id, got)
	}
	for _, name := range []string{
		"", ".fbat", "1.fbat", "+00001.fbat", "-00001.fbat", "0000001.fbat", "000000.fbat", "00000a.fbat", "a.fbat", "000001.FBAT",
		"000001.fbat ", " 00001.fbat", "0x0001.fbat", "00_001.fbat", "18446744073709551616.fbat", "000001.fbat.tmp", "000001",
		"٠٠٠٠٠١.fbat", "./000001.fbat", "index.fbati",
	} {
		id, ok := segment.ParseName(name)
		require.False(t, ok, "%s is %d", name, id)
	}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Uint64Min(1).Draw(t, "id")
		got, ok := segment.ParseName(segment.Name(id))
		require.True(t, ok)
		require.Equal(t, id, got)
		_, ok = segment.ParseName("0" + strconv.FormatUint(id|1<<20, 10) + ".fbat")
		require.False(t, ok)
	})
}

func TestChecksumOfNothingIsZero(t *testing.T) {
	require.Zero(t, crc32.ChecksumIEEE(nil)) // why a frame must have a body
}

func BenchmarkFrameDecode(b *testing.B) {
	raw := segment.AppendFrame(nil, sample(1, 200))
	var body segment.Body
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if err := segment.DecodeFrame(raw, &body); err != nil {
			b.Fatal(err)
		}
	}
}
