package vectors

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/wasm/abi"
)

// Spell returns a request in the form of js/question.mjs: with the keys of its operation, and
// without empty conditions.
func Spell(q *abi.Request) map[string]any {
	out := map[string]any{"op": q.Op, "format": q.Format, "rows": q.Rows, "bytes": q.Bytes}
	switch q.Op {
	case abi.OpQuery, abi.OpCount, abi.OpMarks, abi.OpTimeline:
		for key, name := range map[string]string{"entity": q.Region.Entity, "prefix": q.Region.EntityPrefix, "scope": q.Region.Scope} {
			if name != "" {
				out[key] = name
			}
		}
		spellKinds(q.Region.Kinds, out)
		since, until, hasSince, hasUntil := q.Region.Times.Bounds()
		if hasSince {
			out["since"] = since
		}
		if hasUntil {
			out["until"] = until
		}
		if low, high, limited := q.Region.Clocks.Bounds(); limited {
			out["clocks"] = [2]uint32{low, high}
		}
		out["from"] = q.From
		if q.Region.Times.OfWall() {
			out["wall"] = true
		}
		switch q.Op {
		case abi.OpMarks:
			out["step"], out["to"] = q.Limit, q.To
		case abi.OpTimeline:
			out["buckets"], out["to"] = q.Limit, q.To
		case abi.OpQuery:
			out["limit"], out["to"], out["reverse"] = q.Limit, q.To, q.Reverse
		}
	case abi.OpStream:
		out["entity"], out["from"], out["limit"] = q.Region.Entity, q.From, q.Limit
		out["to"], out["reverse"] = q.To, q.Reverse
	case abi.OpEntities, abi.OpScopes:
		out["after"], out["limit"] = q.Region.Entity, q.Limit
		if q.Region.EntityPrefix != "" {
			out["prefix"] = q.Region.EntityPrefix
		}
	case abi.OpGraph:
		out["id"], out["depth"], out["limit"], out["direction"] = hex.EncodeToString(q.ID[:]), q.From, q.Limit, q.Direction
	case abi.OpAncestors, abi.OpEffects:
		out["id"], out["limit"] = hex.EncodeToString(q.ID[:]), q.Limit
	case abi.OpCorrelated, abi.OpGet:
		out["id"] = hex.EncodeToString(q.ID[:])
	case abi.OpState:
		out["entity"] = q.Region.Entity
	case abi.OpReport, abi.OpVerify:
		out["from"] = q.From
	case abi.OpReadEach:
		out["row"] = q.Row
	case abi.OpFrame:
		if len(q.Row) > 0 {
			out["row"] = q.Row
		} else {
			out["id"] = hex.EncodeToString(q.ID[:])
		}
	}
	if q.Flags&abi.FlagGoOn != 0 {
		out["goOn"] = true
	}
	switch q.Op { // the other way to ask for payloads
	case abi.OpQuery, abi.OpStream, abi.OpAncestors, abi.OpEffects, abi.OpCorrelated:
		out["payloads"] = q.Format == abi.FormatFull
		if q.Format == abi.FormatFull {
			delete(out, "format")
		}
	}
	return out
}

// spellKinds spells a set of kinds: as a pair where there is one, else as a list.
func spellKinds(s event.Kinds, out map[string]any) {
	runs := [][2]uint16{}
	all := []uint16{}
	for first, last := range s.Runs() {
		runs = append(runs, [2]uint16{uint16(first), uint16(last)})
		for k := int(first); k <= int(last); k++ {
			all = append(all, uint16(k))
		}
	}
	switch {
	case s.All():
	case len(runs) == 1:
		out["kinds"] = runs[0]
	default:
		slices.Reverse(all) // any order
		out["anyOf"] = append(all, all...)
	}
}

// Spell returns a case's questions, spelt.
func (c *Case) Spell() []map[string]any {
	out := make([]map[string]any, len(c.Questions))
	for i := range out {
		out[i] = Spell(&c.Questions[i])
	}
	return out
}

// Write writes a case's files to a new directory.
func (c *Case) Write(t require.TestingT, dir string) {
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, b := range c.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
}

// Equal compares answers. format and args say whose they are.
func Equal(t require.TestingT, want, got []Answer, format string, args ...any) {
	require.Len(t, got, len(want), append([]any{format}, args...)...)
	for i := range want {
		if want[i] != got[i] {
			w, g := want[i].around(got[i].Text), got[i].around(want[i].Text) // a whole answer may be too long to show
			require.Equal(t, w, g, append([]any{format + ", question %d"}, append(args, i)...)...)
			require.Equal(t, want[i], got[i])
		}
	}
}

// around returns an answer with only that part of its text where it differs from another.
func (a Answer) around(other string) Answer {
	same := 0
	for same < min(len(a.Text), len(other)) && a.Text[same] == other[same] {
		same++
	}
	a.Text = fmt.Sprintf("%d bytes, at %d: %q", len(a.Text), same, a.Text[max(0, same-100):min(same+200, len(a.Text))])
	return a
}
