// Package js has the JavaScript that the hosts for Node and for browsers share, and its
// tests, in Go: what it decodes must be what Go decodes.
package js

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/nodetest"
)

type answer struct {
	Value any
	Error string
}

type process struct{ *nodetest.Process }

func start(t *testing.T) process {
	node := nodetest.Path(t, "the shared JavaScript", ".", "testdata")
	return process{nodetest.Start(t, node, "testdata/decode.mjs")}
}

// decode has JavaScript decode bytes. Numbers are json.Number, or in an object {"big"}.
func (p process) decode(t require.TestingT, what string, b []byte) (a answer) {
	var line json.RawMessage
	p.Ask(t, map[string]any{"what": what, "bytes": b}, &line, what)
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	require.NoError(t, d.Decode(&a))
	return a
}

// TestKindNames decodes sound and damaged files of names.
func TestKindNames(t *testing.T) {
	p := start(t)
	check := func(t require.TestingT, b []byte) {
		got := p.decode(t, "names", b)
		want, err := kindnames.Decode(b)
		if err != nil {
			refusal := err.(*damage.Refusal)
			refusal.File = kindnames.FileName
			require.Equal(t, "Error: "+refusal.Error(), got.Error, "%q", b)
			return
		}
		require.Empty(t, got.Error, "%q", b)
		names := map[string]any{}
		for kind, name := range want {
			names[strconv.Itoa(int(kind))] = name
		}
		require.Equal(t, names, got.Value)
	}
	sound, err := kindnames.Append(nil, map[event.Kind]string{0: "~", 0x1001: "order.placed", 0xFFFF: strings.Repeat("n", kindnames.MaxName)})
	require.NoError(t, err)
	for end := range sound {
		check(t, sound[:end])
	}
	for _, text := range []string{
		"thaw names 2\n", "thaw names 18446744073709551615\n", "thaw names 18446744073709551616\n", "thaw names 1x\n", "thaw names \n",
		"thaw names 01\n", "thaw names 123456789012345678901234567890\n", "thaw names 1", "thaw", "", "\x80thaw names 1\n",
	} {
		check(t, []byte(text))
	}
	for _, body := range []string{
		"", "0x1001 a\n", "0x1001 a", "0x1001  a\n", "0x100a a\n", "0x100A a\n0x100A b\n", "0x100B a\n0x100A b\n", "0x1001 \n", "0x1001\n", "\n", "0x1001 a b\n",
		"0x1001 \x80\n", "0x1001 " + strings.Repeat("n", 129) + "\n", "0x1001 a\r\n",
	} {
		check(t, seal("thaw names 1\n"+body))
	}
	rapid.Check(t, func(r *rapid.T) {
		b := slices.Clone(sound)
		for range rapid.IntRange(0, 2).Draw(r, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] = rapid.Byte().Draw(r, "byte")
		}
		if rapid.Bool().Draw(r, "sealed") {
			if end := bytes.LastIndex(b, []byte("crc32c ")); end >= 0 {
				b = seal(string(b[:end]))
			}
		}
		check(r, b)
	})
	check(t, append(bytes.Repeat([]byte("0x1001 a\n"), kindnames.MaxSize/9+1), sound...))
	check(t, append([]byte("thaw names 1\n"), make([]byte, kindnames.MaxSize)...))
}

// seal returns a file of names with its checksum.
func seal(text string) []byte {
	return fmt.Appendf([]byte(text), "crc32c %08X\n", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

func number(n uint64) any {
	if n > 1<<53-1 {
		return map[string]any{"big": strconv.FormatUint(n, 10)}
	}
	return json.Number(strconv.FormatUint(n, 10))
}

func signed(n int64) any {
	if n > 1<<53-1 || n < -(1<<53-1) {
		return map[string]any{"big": strconv.FormatInt(n, 10)}
	}
	return json.Number(strconv.FormatInt(n, 10))
}

func id(id event.ID) string {
	if id == (event.ID{}) {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// row returns an event as rows.mjs returns it.
func row(e *event.Full, full bool) map[string]any {
	out := map[string]any{
		"seq": number(e.Sequence), "kind": number(uint64(e.Kind)), "wallMs": number(e.WallMS), "clock": number(uint64(e.Clock)),
		"entity": e.Entity, "scope": e.Scope, "id": id(e.ID), "correlation": id(e.Correlation), "causation": id(e.Causation),
		"prev": fmt.Sprintf("%x", e.PrevHash[:]), "hash": fmt.Sprintf("%x", e.EventHash[:]),
		"segment": number(e.Position.Segment), "offset": number(e.Position.Offset), "length": number(uint64(e.Position.Length)),
	}
	if e.Timed || full {
		out["timestampUs"] = signed(e.TimestampUS)
	}
	if full {
		out["payload"] = map[string]any{"bytes": encode(e.Payload)}
		out["payloadSize"], out["flags"] = number(uint64(e.PayloadSize)), number(uint64(e.Flags))
		if e.Flags&event.FlagRedacted != 0 && len(e.Payload) == 0 {
			out["redacted"] = true
		}
		out["contentHash"] = fmt.Sprintf("%x", e.ContentHash[:])
		if e.Meta.Len() > 0 {
			out["meta"] = map[string]any{"bytes": encode(event.AppendMeta(nil, e.Meta))}
		}
	}
	return out
}

func encode(b []byte) string {
	text, _ := json.Marshal(b)
	return string(text[1 : len(text)-1])
}

// drawEvent draws an event with numbers of every size.
func drawEvent(r *rapid.T) (e event.Full) {
	n := rapid.Uint64()
	e.Sequence, e.WallMS, e.Kind, e.Clock = n.Draw(r, "seq"), n.Draw(r, "wall"), event.Kind(rapid.Uint16().Draw(r, "kind")), rapid.Uint32().Draw(r, "clock")
	e.Entity, e.Scope = rapid.String().Draw(r, "entity"), rapid.StringN(0, 9, 40).Draw(r, "scope")
	e.Position = event.Position{Segment: n.Draw(r, "segment"), Offset: n.Draw(r, "offset"), Length: rapid.Uint32().Draw(r, "length")}
	for _, b := range [][]byte{e.ID[:], e.Correlation[:], e.Causation[:], e.PrevHash[:], e.EventHash[:], e.ContentHash[:]} {
		if rapid.IntRange(0, 3).Draw(r, "zero") > 0 {
			copy(b, rapid.SliceOfN(rapid.Byte(), len(b), len(b)).Draw(r, "bytes"))
		}
	}
	e.Timed, e.TimestampUS = rapid.Bool().Draw(r, "timed"), rapid.Int64().Draw(r, "time")
	e.Payload, e.PayloadSize, e.Flags = rapid.SliceOf(rapid.Byte()).Draw(r, "payload"), rapid.Uint32().Draw(r, "size"), rapid.Uint8().Draw(r, "flags")
	return e
}

// TestRows decodes rows, links and summaries, whole and cut short.
func TestRows(t *testing.T) {
	p := start(t)
	rapid.Check(t, func(r *rapid.T) {
		want := []any{}
		b := []byte{}
		var ends []int
		what := rapid.SampledFrom([]string{"rows", "links", "summaries"}).Draw(r, "what")
		for range rapid.IntRange(0, 4).Draw(r, "rows") {
			switch what {
			case "summaries":
				x := query.Extent{Events: rapid.Uint64().Draw(r, "events"), FirstSequence: 1, LastSequence: math.MaxUint64, FirstWallMS: 1 << 53, LastWallMS: 1<<53 - 1}
				name, kind := "", event.Kind(0)
				if rapid.Bool().Draw(r, "named") {
					name = rapid.StringN(1, 9, 40).Draw(r, "name")
					b = abi.AppendName(b, &query.NameSummary{Name: name, Extent: x})
				} else {
					kind = event.Kind(rapid.Uint16().Draw(r, "kind"))
					b = abi.AppendKind(b, &query.KindSummary{Kind: kind, Extent: x})
				}
				want = append(want, map[string]any{
					"kind": number(uint64(kind)), "name": name, "events": number(x.Events), "firstSeq": number(1), "lastSeq": number(math.MaxUint64),
					"firstWallMs": number(1 << 53), "lastWallMs": number(1<<53 - 1),
				})
			default:
				e := drawEvent(r)
				full := rapid.Bool().Draw(r, "full")
				fields := abi.IndexFields
				if full {
					fields = abi.FrameFields
				}
				one := row(&e, full)
				switch {
				case what == "links":
					l := store.Link{Full: e, Distance: rapid.IntRange(math.MinInt, math.MaxInt).Draw(r, "distance"), Cut: rapid.Uint64().Draw(r, "cut")}
					b = abi.AppendLink(b, &l, fields)
					one["distance"], one["cut"] = signed(int64(l.Distance)), number(l.Cut)
				case full:
					b = abi.AppendFullRow(b, &e)
				default:
					b = abi.AppendRow(b, &e.Event)
				}
				want = append(want, one)
			}
			ends = append(ends, len(b))
		}
		got := p.decode(r, what, b)
		require.Empty(r, got.Error)
		require.Equal(r, want, got.Value)
		if len(b) == 0 {
			return
		}
		end := rapid.IntRange(1, len(b)-1).Draw(r, "end")
		cut := p.decode(r, what, b[:end])
		require.Equal(r, slices.Contains(ends, end), cut.Error == "", "%d of %v: %s", end, ends, cut.Error)
		if cut.Error != "" {
			require.Contains(r, cut.Error, "RangeError: thaw: ")
		}
	})
	got := p.decode(t, "numbers", []byte{1, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})
	require.Equal(t, []any{number(1), number(math.MaxUint64)}, got.Value)
	require.NotEmpty(t, p.decode(t, "numbers", make([]byte, 9)).Error)
	got = p.decode(t, "files", []byte{10, 0, 0, 0, 3, 0, 0, 0, 'a', 'b', 8, 0, 0, 0, 4, 0, 0, 0})
	require.Equal(t, []any{
		map[string]any{"file": number(3), "bytes": map[string]any{"bytes": "YWI="}}, map[string]any{"file": number(4), "bytes": map[string]any{"bytes": ""}},
	}, got.Value)
	for _, bad := range [][]byte{{7, 0, 0, 0, 3, 0, 0, 0}, {9, 0, 0, 0, 3, 0, 0, 0}, {8, 0, 0}} {
		require.NotEmpty(t, p.decode(t, "files", bad).Error)
	}
}

// TestEveryByteOfARow changes each byte of a row: it is decoded or refused, as Go does.
func TestEveryByteOfARow(t *testing.T) {
	p := start(t)
	e := event.Full{Payload: []byte{0x80}}
	e.Entity, e.Scope, e.Timed, e.TimestampUS = "e", "s", true, 9
	for _, sound := range [][]byte{abi.AppendRow(nil, &e.Event), abi.AppendFullRow(nil, &e)} {
		for at := range sound {
			for _, to := range []byte{sound[at] + 1, sound[at] - 1, 0xFF} {
				b := slices.Clone(sound)
				b[at] = to
				_, _, rest, err := abi.DecodeRow(b)
				bad := err != nil || len(rest) > 0
				got := p.decode(t, "rows", b)
				if bad && at == 4 && to == 3 { // metadata is MessagePack, which rows.mjs hands on
					continue
				}
				require.Equal(t, bad, got.Error != "", "byte %d is %d: %v %v", at, to, err, got)
			}
		}
	}
}

// TestJSON: integers are not rounded, and all else is as it was.
func TestJSON(t *testing.T) {
	p := start(t)
	big := func(s string) any { return map[string]any{"big": s} }
	for text, want := range map[string]any{
		`9007199254740991`:  json.Number("9007199254740991"),
		`9007199254740992`:  big("9007199254740992"),
		`-9007199254740993`: big("-9007199254740993"),
		`[18446744073709551615,"18446744073709551615","n1","s","",1,1.5e300,true,null]`: []any{
			big("18446744073709551615"), "18446744073709551615", "n1", "s", "", json.Number("1"), json.Number("1.5e+300"), true, nil,
		},
		`{"a":[{"n1":9223372036854775807,"__proto__":1,"":2}],"2":"\"\\","é\n":"\u0000"}`: map[string]any{
			"a": []any{map[string]any{"n1": big("9223372036854775807"), "__proto__": json.Number("1"), "": json.Number("2")}},
			"2": `"\`, "é\n": "\x00",
		},
		`{"a":1234567890123456.5,"b":12345678901234567890e-1}`: map[string]any{"a": json.Number("1234567890123456.5"), "b": json.Number("1234567890123456800")},
		`"` + strings.Repeat(`\u0000é`, 100_000) + `"`:         strings.Repeat("\x00é", 100_000),
		`["` + strings.Repeat("x", 1<<20) + `",12345678901234567890]`: []any{
			strings.Repeat("x", 1<<20), big("12345678901234567890"),
		},
	} {
		got := p.decode(t, "json", []byte(text))
		require.Empty(t, got.Error, "%.100s", text)
		require.True(t, fmt.Sprint(want) == fmt.Sprint(got.Value), "%.100s: %.300v", text, got.Value)
	}
	for _, bad := range []string{``, `[12345678901234567890`, `12345678901234567890 x`, `[s"12345678901234567890"]`, `{"a":12345678901234567890,}`, `0x12345678901234567890`} {
		require.Contains(t, p.decode(t, "json", []byte(bad)).Error, "SyntaxError", bad)
	}
	rapid.Check(t, func(r *rapid.T) {
		value := drawValue(r, 3)
		text, err := json.Marshal(value)
		require.NoError(r, err)
		got := p.decode(r, "json", text)
		require.Empty(r, got.Error)
		require.Equal(r, spelt(value), got.Value)
	})
}

func drawValue(r *rapid.T, depth int) any {
	switch rapid.IntRange(0, 4+min(depth, 1)*2).Draw(r, "sort") {
	case 0:
		return rapid.Uint64().Draw(r, "uint")
	case 1:
		return rapid.Int64().Draw(r, "int")
	case 2, 3:
		return rapid.StringMatching(`(n|s|[0-9:,"\\\x00-\x1f]|é|"9007199254740993")*`).Draw(r, "text")
	case 4:
		return rapid.Bool().Draw(r, "bool")
	case 5:
		list := make([]any, rapid.IntRange(0, 4).Draw(r, "length"))
		for i := range list {
			list[i] = drawValue(r, depth-1)
		}
		return list
	}
	m := map[string]any{}
	for range rapid.IntRange(0, 4).Draw(r, "keys") {
		m["k"+rapid.String().Draw(r, "key")] = drawValue(r, depth-1) // not {"big"}
	}
	return m
}

// spelt returns a drawn value as decode.mjs spells it.
func spelt(v any) any {
	switch v := v.(type) {
	case uint64:
		return number(v)
	case int64:
		return signed(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = spelt(v[i])
		}
		return out
	case map[string]any:
		out := maps.Clone(v)
		for k := range v {
			out[k] = spelt(v[k])
		}
		return out
	}
	return v
}
