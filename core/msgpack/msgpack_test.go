package msgpack_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	oracle "github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/msgpack"
)

// lengths has every length at which the spelling changes.
func lengths() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(0, 40), rapid.SampledFrom([]int{127, 128, 255, 256, 65535, 65536, 70000}))
}

// TestAgainstOracle encodes random values with this package and with another,
// compares the bytes, and decodes them.
func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want bytes.Buffer
		enc := oracle.NewEncoder(&want)
		enc.UseCompactInts(true)
		var got []byte
		var checks []func(r *msgpack.Reader)
		for range rapid.IntRange(1, 12).Draw(t, "values") {
			switch rapid.IntRange(0, 7).Draw(t, "type") {
			case 0:
				n := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 70000), rapid.SampledFrom([]uint64{
					math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64, math.MaxInt64, math.MaxInt64 + 1})).Draw(t, "uint")
				require.NoError(t, enc.EncodeUint(n))
				got = msgpack.AppendUint(got, n)
				checks = append(checks, func(r *msgpack.Reader) { require.Equal(t, n, r.Uint(math.MaxUint64)) })
			case 1:
				n := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-70000, 70000), rapid.SampledFrom([]int64{
					math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64, math.MinInt32 - 1, -32, -33})).Draw(t, "int")
				require.NoError(t, enc.EncodeInt(n))
				got = msgpack.AppendInt(got, n)
				checks = append(checks, func(r *msgpack.Reader) { require.Equal(t, n, r.Int()) })
			case 2:
				s := strings.Repeat("s", lengths().Draw(t, "str"))
				require.NoError(t, enc.EncodeString(s))
				before := len(got)
				got = msgpack.AppendStr(got, s)
				require.Equal(t, msgpack.StrSize(len(s)), len(got)-before)
				checks = append(checks, func(r *msgpack.Reader) { require.Equal(t, s, string(r.Str())) })
			case 3:
				b := bytes.Repeat([]byte{0xa5}, lengths().Draw(t, "bin"))
				require.NoError(t, enc.EncodeBytes(b))
				got = msgpack.AppendBin(got, b)
				checks = append(checks, func(r *msgpack.Reader) { require.Equal(t, b, append([]byte{}, r.Bin()...)) })
			case 4:
				require.NoError(t, enc.EncodeNil())
				got = msgpack.AppendNil(got)
				checks = append(checks, func(r *msgpack.Reader) { require.True(t, r.Nil()) })
			case 5:
				b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
				require.NoError(t, enc.EncodeArrayLen(len(b)))
				for _, c := range b {
					require.NoError(t, enc.EncodeUint(uint64(c)))
				}
				got = msgpack.AppendByteArray(got, b)
				checks = append(checks, func(r *msgpack.Reader) {
					require.Equal(t, string(b), string(r.ByteArray(nil)))
				})
			case 6:
				n := lengths().Draw(t, "array")
				require.NoError(t, enc.EncodeArrayLen(n))
				got = msgpack.AppendArray(got, n)
				for range n {
					require.NoError(t, enc.EncodeNil())
				}
				got = append(got, bytes.Repeat([]byte{0xc0}, n)...)
				checks = append(checks, func(r *msgpack.Reader) {
					require.Equal(t, n, r.Array())
					for range n {
						require.True(t, r.Nil())
					}
				})
			case 7:
				n := lengths().Draw(t, "map")
				require.NoError(t, enc.EncodeMapLen(n))
				got = msgpack.AppendMap(got, n)
				for range n {
					require.NoError(t, enc.EncodeString("k"))
					require.NoError(t, enc.EncodeNil())
				}
				got = append(got, bytes.Repeat([]byte{0xa1, 'k', 0xc0}, n)...)
				checks = append(checks, func(r *msgpack.Reader) {
					r.MapOf(n)
					for range n {
						r.Key("k")
						require.True(t, r.Nil())
					}
				})
			}
		}
		require.Equal(t, want.Bytes(), got)
		r, skip := msgpack.NewReader(got), msgpack.NewReader(got)
		for _, check := range checks {
			check(r)
			skip.Skip()
			require.NoError(t, skip.Err())
			require.Equal(t, r.Offset(), skip.Offset())
		}
		require.NoError(t, r.End())
		require.Zero(t, r.Left())
	})
}

// TestRefusals has one input for each way in which a method refuses.
func TestRefusals(t *testing.T) {
	type read = func(r *msgpack.Reader)
	uint8 := func(r *msgpack.Reader) { r.Uint(255) }
	integer := func(r *msgpack.Reader) { r.Int() }
	str := func(r *msgpack.Reader) { r.Str() }
	bin := func(r *msgpack.Reader) { r.Bin() }
	array := func(r *msgpack.Reader) { r.Array() }
	pairs := func(r *msgpack.Reader) { r.Map() }
	numbers := func(r *msgpack.Reader) { r.ByteArray(nil) }
	two := func(r *msgpack.Reader) { r.FixedByteArray(make([]byte, 2)) }
	skip := func(r *msgpack.Reader) { r.Skip() }
	for _, c := range []struct {
		name string
		in   string
		read read
		want error
	}{
		{"uint of nothing", "", uint8, msgpack.ErrShort},
		{"uint cut short", "\xcc", uint8, msgpack.ErrShort},
		{"uint64 cut short", "\xcf\x01\x02\x03", uint8, msgpack.ErrShort},
		{"uint too large", "\xcd\x01\x00", uint8, msgpack.ErrRange},
		{"uint8 for a fixint", "\xcc\x7f", uint8, msgpack.ErrSpelling},
		{"uint16 for a uint8", "\xcd\x00\xff", uint8, msgpack.ErrSpelling},
		{"uint32 for a uint16", "\xce\x00\x00\xff\xff", uint8, msgpack.ErrSpelling},
		{"uint64 for a uint32", "\xcf\x00\x00\x00\x00\xff\xff\xff\xff", uint8, msgpack.ErrSpelling},
		{"negative uint", "\xff", uint8, msgpack.ErrType},
		{"int8 uint", "\xd0\x05", uint8, msgpack.ErrType},
		{"float uint", "\xca\x00\x00\x00\x00", uint8, msgpack.ErrType},
		{"nil uint", "\xc0", uint8, msgpack.ErrType},
		{"int of nothing", "", integer, msgpack.ErrShort},
		{"int cut short", "\xd1\xff", integer, msgpack.ErrShort},
		{"int above int64", "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", integer, msgpack.ErrRange},
		{"int8 for a fixint", "\xd0\xe0", integer, msgpack.ErrSpelling},
		{"int8 for a uint", "\xd0\x05", integer, msgpack.ErrSpelling},
		{"int16 for an int8", "\xd1\xff\x80", integer, msgpack.ErrSpelling},
		{"int16 for a uint", "\xd1\x7f\xff", integer, msgpack.ErrSpelling},
		{"int32 for an int16", "\xd2\xff\xff\x80\x00", integer, msgpack.ErrSpelling},
		{"int64 for an int32", "\xd3\xff\xff\xff\xff\x80\x00\x00\x00", integer, msgpack.ErrSpelling},
		{"float int", "\xcb\x00\x00\x00\x00\x00\x00\x00\x00", integer, msgpack.ErrType},
		{"str of nothing", "", str, msgpack.ErrShort},
		{"fixstr cut short", "\xa3ab", str, msgpack.ErrShort},
		{"str8 cut short", "\xd9\x20abc", str, msgpack.ErrShort},
		{"str32 claims 4 GiB", "\xdb\xff\xff\xff\xffabc", str, msgpack.ErrShort},
		{"str8 for a fixstr", "\xd9\x03abc", str, msgpack.ErrSpelling},
		{"str16 for a str8", "\xda\x00\x03abc", str, msgpack.ErrSpelling},
		{"str32 for a str16", "\xdb\x00\x00\x00\x03abc", str, msgpack.ErrSpelling},
		{"bin for a str", "\xc4\x01a", str, msgpack.ErrType},
		{"bin of nothing", "", bin, msgpack.ErrShort},
		{"bin cut short", "\xc4\x03ab", bin, msgpack.ErrShort},
		{"bin32 claims 4 GiB", "\xc6\xff\xff\xff\xffabc", bin, msgpack.ErrShort},
		{"bin16 for a bin8", "\xc5\x00\x01a", bin, msgpack.ErrSpelling},
		{"bin32 for a bin16", "\xc6\x00\x00\x00\x01a", bin, msgpack.ErrSpelling},
		{"str for a bin", "\xa1a", bin, msgpack.ErrType},
		{"array of nothing", "", array, msgpack.ErrShort},
		{"array claims more than there is", "\x93\x01\x02", array, msgpack.ErrShort},
		{"array32 claims 2^32-1", "\xdd\xff\xff\xff\xff\x01", array, msgpack.ErrShort},
		{"array16 for a fixarray", "\xdc\x00\x01\x01", array, msgpack.ErrSpelling},
		{"array32 for an array16", "\xdd\x00\x00\x00\x01\x01", array, msgpack.ErrSpelling},
		{"map for an array", "\x80", array, msgpack.ErrType},
		{"map of nothing", "", pairs, msgpack.ErrShort},
		{"map claims more than there is", "\x82\x01\x02\x03", pairs, msgpack.ErrShort},
		{"map32 claims 2^32-1", "\xdf\xff\xff\xff\xff\x01", pairs, msgpack.ErrShort},
		{"map16 for a fixmap", "\xde\x00\x00", pairs, msgpack.ErrSpelling},
		{"map32 for a map16", "\xdf\x00\x00\x00\x00", pairs, msgpack.ErrSpelling},
		{"array for a map", "\x90", pairs, msgpack.ErrType},
		{"other number of pairs", "\x81\x01\x02", func(r *msgpack.Reader) { r.MapOf(2) }, msgpack.ErrType},
		{"other key", "\xa1a", func(r *msgpack.Reader) { r.Key("b") }, msgpack.ErrKey},
		{"key is a number", "\x01", func(r *msgpack.Reader) { r.Key("b") }, msgpack.ErrType},
		{"numbers of nothing", "", numbers, msgpack.ErrShort},
		{"a number above 255", "\x91\xcd\x01\x00", numbers, msgpack.ErrType},
		{"a negative number", "\x91\xff", numbers, msgpack.ErrType},
		{"uint8 for a fixint in numbers", "\x91\xcc\x7f", numbers, msgpack.ErrSpelling},
		{"numbers cut short", "\x92\xcc\x80", numbers, msgpack.ErrShort},
		{"a number cut short", "\x92\x01\xcc", numbers, msgpack.ErrShort},
		{"too few numbers", "\x91\x01", two, msgpack.ErrType},
		{"too many numbers", "\x93\x01\x02\x03", two, msgpack.ErrType},
		{"a bin for numbers", "\xc4\x02ab", two, msgpack.ErrType},
		{"skip nothing", "", skip, msgpack.ErrShort},
		{"skip what is never used", "\xc1", skip, msgpack.ErrType},
		{"skip an array that claims more", "\x93\x01\x02", skip, msgpack.ErrShort},
		{"skip a map that claims more", "\x81\x01", skip, msgpack.ErrShort},
		{"skip an array32 of 2^32-1", "\xdd\xff\xff\xff\xff\x01", skip, msgpack.ErrShort},
		{"skip a map32 of 2^32-1", "\xdf\xff\xff\xff\xff\x01", skip, msgpack.ErrShort},
		{"skip a cut str32", "\xdb\xff\xff\xff\xff", skip, msgpack.ErrShort},
		{"skip a cut ext32", "\xc9\xff\xff\xff\xff\x01", skip, msgpack.ErrShort},
		{"skip a cut double", "\xcb\x01", skip, msgpack.ErrShort},
		{"skip 128 arrays", strings.Repeat("\x91", msgpack.MaxDepth) + "\x01", skip, msgpack.ErrDepth},
		{"skip a depth bomb", strings.Repeat("\x91", 1<<16), skip, msgpack.ErrDepth},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := msgpack.NewReader([]byte(c.in))
			c.read(r)
			require.ErrorIs(t, r.Err(), c.want)
			for _, after := range []read{uint8, integer, str, bin, array, pairs, numbers, two, skip} {
				at := r.Offset()
				after(r)
				require.Equal(t, at, r.Offset(), "an error sticks")
			}
			require.False(t, r.Nil())
			r.Fail(msgpack.ErrTrailing)
			require.ErrorIs(t, r.End(), c.want, "the first error stays")
		})
	}
	r := msgpack.NewReader([]byte("\x01\x02"))
	r.Uint(9)
	require.ErrorIs(t, r.End(), msgpack.ErrTrailing)
	require.NoError(t, new(msgpack.Reader).End())
}

func TestSkipTakesAnySpelling(t *testing.T) {
	for _, in := range []string{
		"\xd9\x01a", "\xdc\x00\x01\x01", "\xcd\x00\x01", "\xd3\x00\x00\x00\x00\x00\x00\x00\x01", "\xde\x00\x01\x01\x01",
		"\xc2", "\xc3", "\xc0", "\xd4\x01a", "\xd8\x01" + strings.Repeat("x", 16), "\xc7\x02\x01ab", "\xc7\x00\x01",
		strings.Repeat("\x91", msgpack.MaxDepth-1) + "\x01", "\x90", "\x80", "\x92\x90\x81\x01\x90",
		"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01",
	} {
		r := msgpack.NewReader([]byte(in + "\x05"))
		require.Equal(t, in, string(r.Skip()))
		require.NoError(t, r.Err())
	}
}

func TestByteArrayAppends(t *testing.T) {
	r := msgpack.NewReader([]byte("\x92\x01\xcc\xff"))
	require.Equal(t, []byte{9, 1, 255}, r.ByteArray([]byte{9}))
	// A fixed array never allocates for a claim.
	claim := append([]byte{0xdd, 0, 0x40, 0, 0}, make([]byte, 0x400000)...)
	var dst [32]byte
	require.Less(t, fuzzing.Allocated(func() {
		msgpack.NewReader(claim).FixedByteArray(dst[:])
	}), uint64(100_000))
}

// script turns bytes into calls: each Append function must write what its
// method read.
func script(t testing.TB, ops, b []byte) {
	r := msgpack.NewReader(b)
	for _, op := range ops {
		at := r.Offset()
		var again []byte
		switch op % 9 {
		case 0:
			again = msgpack.AppendUint(nil, r.Uint(math.MaxUint64))
		case 1:
			again = msgpack.AppendInt(nil, r.Int())
		case 2:
			again = msgpack.AppendStr(nil, r.Str())
		case 3:
			again = msgpack.AppendBin(nil, r.Bin())
		case 4:
			n := r.Array()
			if n > r.Left() {
				t.Fatalf("an array of %d in %d bytes", n, r.Left())
			}
			again = msgpack.AppendArray(nil, n)
		case 5:
			n := r.Map()
			if 2*n > r.Left() {
				t.Fatalf("a map of %d in %d bytes", n, r.Left())
			}
			again = msgpack.AppendMap(nil, n)
		case 6:
			again = msgpack.AppendByteArray(nil, r.ByteArray(nil))
		case 7:
			var dst [4]byte
			r.FixedByteArray(dst[:])
			again = msgpack.AppendByteArray(nil, dst[:])
		case 8:
			if r.Nil() {
				again = msgpack.AppendNil(nil)
			}
		}
		if r.Offset() > len(b) {
			t.Fatal("read past the end")
		}
		if r.Err() != nil {
			return
		}
		if !bytes.Equal(again, b[at:r.Offset()]) {
			t.Fatalf("op %d read % x and would write % x", op%9, b[at:r.Offset()], again)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Fuzz(func(t *testing.T, ops, b []byte) {
		if len(ops) > 1000 {
			ops = ops[:1000]
		}
		fuzzing.Bounded(t, len(b)+len(ops), func() { script(t, ops, b) })
	})
}

// FuzzSkip compares Skip with the other package's.
func FuzzSkip(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		r := msgpack.NewReader(b)
		var got []byte
		fuzzing.Bounded(t, 0, func() { got = r.Skip() })
		if r.Err() != nil && got != nil {
			t.Fatal("a value and an error")
		}
		in := bytes.NewReader(b)
		err := oracle.NewDecoder(in).Skip()
		switch {
		case r.Err() == nil && err != nil:
			t.Fatalf("took % x, which the oracle refuses: %v", got, err)
		case r.Err() == nil && len(got) != len(b)-in.Len():
			t.Fatalf("took %d bytes and the oracle %d", len(got), len(b)-in.Len())
		case r.Err() != nil && err == nil && r.Err() != msgpack.ErrDepth:
			t.Fatalf("refused % x: %v", b, r.Err())
		}
	})
}

func TestSeeds(t *testing.T) {
	body := fixture.Store("options")["000001.fbat"]
	ckpt := fixture.Store("empty")["index.ckpt"]
	fuzzing.Seeds(t, "FuzzReader",
		fuzzing.Seed{[]byte{5, 2, 0, 2, 0, 2, 1, 2, 0}, body[8:57]},
		fuzzing.Seed{[]byte{5, 2, 0, 2, 0, 2, 0, 2, 4, 2, 2, 4}, ckpt[12:]},
		fuzzing.Seed{[]byte{1, 1, 1, 1, 1}, []byte("\xff\xd0\x80\xd1\x80\x00\xd2\x80\x00\x00\x00\xd3\x80\x00\x00\x00\x00\x00\x00\x00")},
		fuzzing.Seed{[]byte{6, 7, 8, 3}, []byte("\x92\x01\xcc\x80\x94\x01\x02\x03\x04\xc0\xc4\x01a")},
		fuzzing.Seed{[]byte{4, 6}, []byte("\xdd\x00\xff\xff\xff\x01")},
	)
	fuzzing.Seeds(t, "FuzzSkip",
		fuzzing.Seed{ckpt[12:]},
		fuzzing.Seed{body[8:57]},
		fuzzing.Seed{[]byte("\xc7\x02\x01ab")},
		fuzzing.Seed{[]byte("\xde\x00\x02\x01\x91\x90\xd9\x01a\xcb\x00\x00\x00\x00\x00\x00\x00\x00")},
		fuzzing.Seed{[]byte(strings.Repeat("\x91", 130) + "\x01")},
	)
}
