package lines

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/payload"
)

func someEvent() *event.Full {
	return &event.Full{
		Event: event.Event{
			Facts: event.Facts{
				Sequence: 1<<64 - 1, ID: event.ID{1}, Correlation: event.ID{2}, Causation: event.ID{3},
				Kind: 0xD00F, WallMS: 1790000000000, Clock: 1<<32 - 1, EventHash: event.Hash{31: 0xff},
				Position: event.Position{Segment: 7, Offset: 1 << 40, Length: 500},
			},
			Coordinate:  event.At("order:42", "shop:eu"),
			TimestampUS: -1, Timed: true,
		},
		PayloadSize: 3, Flags: 10, Payload: []byte{0x81, 0xa1, 'n', 1},
	}
}

// TestLineIsJSON: the lines are JSON, with their keys in order and nothing lost.
func TestLineIsJSON(t *testing.T) {
	for _, s := range []Shape{Plain, Payloads, Full} {
		line := AppendEvent(nil, s, someEvent())
		var keys map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(line, &keys))
		require.Len(t, keys, map[Shape]int{Plain: 15, Payloads: 14, Full: 19}[s])
		var sorted bytes.Buffer
		enc := json.NewEncoder(&sorted)
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(keys))
		require.Equal(t, sorted.String(), string(line))
	}
	e := someEvent()
	e.Meta = event.NewMeta(map[string]string{event.MetaTrace: "t", event.MetaActor: "\x1b"})
	for _, s := range []Shape{Payloads, Full} {
		line := string(AppendEvent(nil, s, e))
		require.Contains(t, line, `,"meta":{"actor":"\u001b","trace":"t"},`)
		var keys map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(line), &keys))
		sorted, err := json.Marshal(keys)
		require.NoError(t, err)
		require.Equal(t, string(sorted)+"\n", line)
	}
	line := string(AppendEvent(nil, Full, someEvent()))
	require.NotContains(t, line, "meta")
	require.Contains(t, line, `"seq":18446744073709551615,`)
	require.Contains(t, line, `"timestamp_us":-1,`)
	require.Contains(t, line, `"kind":"0xD00F"`)
	require.Contains(t, line, `{"causation_id":"03000000000000000000000000000000",`)
}

// TestStrings compares with encoding/json, which escapes a few characters more.
func TestStrings(t *testing.T) {
	var every []rune
	for r := range rune(0x2100) {
		every = append(every, r)
	}
	for _, s := range []string{"", "plain", `"\`, "\x00\x01\x1f\x7f", "tab\tnew\nline\r\b\f", "a\u2028b", "🚀", "<&>", string(every)} {
		got := payload.AppendString(nil, s)
		var back string
		require.NoError(t, json.Unmarshal(got, &back))
		require.Equal(t, s, back)
		for _, r := range string(got) {
			require.False(t, unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029, "%q", r)
		}
	}
	require.Contains(t, string(payload.AppendString(nil, string(every))), "\u00a0", "what steers nothing stays raw")
	require.Equal(t, `"\u0000\u001f\u007f\u2028\t\n\r\b\f\"\\"`, string(payload.AppendString(nil, "\x00\x1f\x7f\u2028\t\n\r\b\f\"\\")))
}

// TestOddPayload: bytes that are not a MessagePack value are shown as they are.
func TestOddPayload(t *testing.T) {
	for raw, want := range map[string]string{
		"\xc1":         `{"$raw":"wQ=="}`,
		"\xc1\xfb\xff": `{"$raw":"wfv/"}`,
		"":             `{"$raw":""}`,
		"\x01\x01":     `{"$raw":"AQE="}`,
		"\xc0":         `null`,
	} {
		require.Equal(t, `x`+want, string(appendValue([]byte("x"), []byte(raw))))
	}
}

func TestLineAllocates(t *testing.T) {
	e := someEvent()
	buf := make([]byte, 0, 2048)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = AppendEvent(buf[:0], Plain, e) }))
}

func BenchmarkLine(b *testing.B) {
	for _, c := range []struct {
		name  string
		shape Shape
	}{{"plain", Plain}, {"payloads", Payloads}, {"full", Full}} {
		b.Run(c.name, func(b *testing.B) {
			e := someEvent()
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendEvent(buf[:0], c.shape, e)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}
