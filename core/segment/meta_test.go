package segment_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// metas draws metadata, most often none.
func metas() *rapid.Generator[event.Meta] {
	return rapid.Custom(func(t *rapid.T) event.Meta {
		if rapid.Bool().Draw(t, "described") {
			return event.Meta{}
		}
		return event.NewMeta(rapid.MapOfN(rapid.StringN(1, 20, 40), rapid.StringN(0, 40, 300), 0, 20).Draw(t, "meta"))
	})
}

// described is sample with metadata.
func described(n, payload int) *segment.Body {
	b := sample(n, payload)
	b.Meta = event.NewMeta(map[string]string{event.MetaActor: "user:7", event.MetaTrace: strings.Repeat("t", 40)})
	return b
}

// TestGoldenFrames has the bytes of a frame with metadata and of the same frame without it.
func TestGoldenFrames(t *testing.T) {
	for name, b := range map[string]*segment.Body{"meta": described(3, 4), "plain": sample(3, 4)} {
		text, err := os.ReadFile(filepath.Join("testdata", "frames", name+".hex"))
		require.NoError(t, err)
		var want []byte
		for line := range strings.Lines(string(text)) {
			code, _, _ := strings.Cut(line, "#") // what follows explains it
			part, err := hex.DecodeString(strings.Join(strings.Fields(code), ""))
			require.NoError(t, err, line)
			want = append(want, part...)
		}
		require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(segment.AppendFrame(nil, b)), name)
		var got segment.Body
		require.NoError(t, segment.DecodeFrame(want, &got))
		require.Equal(t, *b, got)
	}
}

func TestMetaRefusals(t *testing.T) {
	good := string(segment.AppendBody(nil, described(1, 3)))
	plain := string(segment.AppendBody(nil, sample(1, 3)))
	require.Equal(t, "\x84", good[:1])
	require.True(t, strings.HasPrefix(good[1:], plain[1:]), "metadata follows what a frame without it has")
	meta := good[len(plain):]
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"three keys and metadata", "\x83" + good[1:], msgpack.ErrTrailing},
		{"four keys without metadata", "\x84" + plain[1:], msgpack.ErrShort},
		{"five keys", "\x85" + good[1:], msgpack.ErrType},
		{"another key", strings.Replace(good, "\xa4meta", "\xa4mete", 1), msgpack.ErrKey},
		{"empty metadata", "\x84" + plain[1:] + "\xa4meta\x80", event.ErrMetaOrder},
		{"metadata is nil", "\x84" + plain[1:] + "\xa4meta\xc0", msgpack.ErrType},
		{"metadata twice", good + meta, msgpack.ErrTrailing},
		{"a value is a number", "\x84" + plain[1:] + "\xa4meta\x81\xa1a\x01", msgpack.ErrType},
		{"unsorted", "\x84" + plain[1:] + "\xa4meta\x82\xa1b\xa0\xa1a\xa0", event.ErrMetaOrder},
		{"cut", good[:len(good)-1], msgpack.ErrShort},
		{"trailing", good + "\x00", msgpack.ErrTrailing},
	} {
		for _, bare := range []bool{false, true} {
			var b segment.Body
			require.ErrorIs(t, b.DecodeAs([]byte(c.in), bare), c.want, c.name)
		}
	}
}

// TestMetaAmongOthers walks over frames with and without metadata, of which one is
// damaged: the frames after it are found, each with its own metadata.
func TestMetaAmongOthers(t *testing.T) {
	frames := func(n int) (b []byte, at []int) {
		for i := range n {
			at = append(at, len(b))
			body := sample(i, 20)
			if i%2 == 0 {
				body = described(i, 20)
			}
			b = segment.AppendFrame(b, body)
		}
		return b, append(at, len(b))
	}
	const n = 6
	whole, at := frames(n)
	for broken := range n - 1 {
		for name, damage := range map[string]func(frame []byte){
			"checksum": func(f []byte) { f[200] ^= 1 },
			"length":   func(f []byte) { f[3] ^= 0x40 },
			"head":     func(f []byte) { copy(f, "\xff\xff\xff\xff\xff\xff\xff\xff") },
			"keys":     func(f []byte) { copy(f, bytes.Repeat([]byte{0}, 60)) },
		} {
			b := bytes.Clone(whole)
			damage(b[at[broken]:at[broken+1]])
			w := segment.NewWalker(source.Bytes(b), 0)
			var found []uint32
			for {
				s, ok := w.Next()
				if !ok {
					break
				}
				if s.Body == nil {
					require.EqualValues(t, at[broken], s.Offset, name)
					require.EqualValues(t, at[broken+1]-at[broken], s.Length, name)
					require.Equal(t, name != "keys", s.Named, name)
					continue
				}
				i := s.Body.Clock
				found = append(found, i)
				require.Equal(t, i%2 == 0, s.Body.Meta.Len() == 2, "%s: frame %d", name, i)
			}
			require.NoError(t, w.Err())
			want := n - 1
			if name == "length" { // the body is whole
				want = n
			}
			require.Len(t, found, want, name)
		}
	}
}

// TestFindBody: the start of a body is its head and its keys; keys after another byte are
// none, and do not hide one after them.
func TestFindBody(t *testing.T) {
	keys := string(segment.AppendBody(nil, sample(1, 0)))[1:27]
	for _, c := range []struct {
		in   string
		want int
	}{
		{"", -1}, {keys, -1}, {"\x83" + keys[:25], -1}, {"\x83" + keys, 0}, {"\x84" + keys, 0}, {"\x85" + keys, -1},
		{"xx\x84" + keys + "\x83" + keys, 2}, {keys + "\x83" + keys, 26}, {"\x82" + keys + "x" + keys + "\x84" + keys, 54},
	} {
		require.Equal(t, c.want, segment.FindBody([]byte(c.in)), "%q", c.in)
	}
}

// TestMetaIsSkipped: a scan that needs no payloads keeps no metadata either.
func TestMetaIsSkipped(t *testing.T) {
	raw := segment.AppendBody(nil, described(1, 20))
	var b segment.Body
	require.NoError(t, b.DecodeAs(raw, true))
	require.Zero(t, b.Meta.Len())
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = b.DecodeAs(raw, true) }))
	require.NoError(t, b.DecodeAs(raw, false))
	require.Equal(t, 2, b.Meta.Len())
}

// TestMetaAllocations: a frame without metadata is decoded without an allocation, and one
// with metadata with one, unless its metadata is that of the frame before.
func TestMetaAllocations(t *testing.T) {
	plain := segment.AppendFrame(nil, sample(1, 200))
	one, other := described(1, 200), described(1, 200)
	other.Meta = other.Meta.With("n", "1")
	a, b := segment.AppendFrame(nil, one), segment.AppendFrame(nil, other)
	var body segment.Body
	body.Payload = make([]byte, 0, 300)
	decode := func(frames ...[]byte) float64 {
		return testing.AllocsPerRun(100, func() {
			for _, f := range frames {
				if err := segment.DecodeFrame(f, &body); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	require.Zero(t, decode(plain))
	require.Zero(t, decode(a))
	require.EqualValues(t, 2, decode(a, b))
	buf := make([]byte, 0, 2000)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = segment.AppendFrame(buf[:0], one) }))
}

func BenchmarkFrame(b *testing.B) {
	one, other := described(1, 200), described(1, 200)
	other.Meta = other.Meta.With("n", "1")
	for _, c := range []struct {
		name   string
		bodies []*segment.Body
	}{
		{"plain", []*segment.Body{sample(1, 200)}},
		{"meta", []*segment.Body{one, other}},
		{"same meta", []*segment.Body{one}},
	} {
		var frames [][]byte
		for _, body := range c.bodies {
			frames = append(frames, segment.AppendFrame(nil, body))
		}
		b.Run("decode/"+c.name, func(b *testing.B) {
			var body segment.Body
			b.ReportAllocs()
			b.SetBytes(int64(len(frames[0])))
			for i := 0; b.Loop(); i++ {
				if err := segment.DecodeFrame(frames[i%len(frames)], &body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("encode/"+c.name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(frames[0])))
			for b.Loop() {
				buf = segment.AppendFrame(buf[:0], c.bodies[0])
			}
		})
	}
}
