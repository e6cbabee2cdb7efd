package abi

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// AppendReport appends how a store was opened, field by field in the order of
// store.Report.
func AppendReport(dst []byte, r *store.Report) []byte {
	dst = appendString(dst, string(r.OpenedFrom))
	for _, n := range []uint64{r.Events, r.Hidden, r.Allocator, uint64(r.Segments), r.TailEvents} {
		dst = appendU64(dst, n)
	}
	dst = appendList(dst, r.Rejected, func(dst []byte, f **damage.Refusal) []byte { return appendRefusal(dst, *f, 1) })
	dst = appendList(dst, r.Damages, func(dst []byte, d **damage.Damage) []byte { return appendDamage(dst, *d, 1) })
	dst = appendList(dst, r.Unfinished, func(dst []byte, u *replay.Unfinished) []byte {
		return appendU64(appendU64(appendString(dst, u.File), u.Offset), uint64(u.Items))
	})
	dst = appendList(dst, r.Gaps, func(dst []byte, g *replay.Gap) []byte {
		return appendU64(appendU64(appendString(dst, g.File), g.First), g.End)
	})
	dst = appendList(dst, r.Unsealed, func(dst []byte, u *replay.Unsealed) []byte {
		return appendU64(appendU64(appendString(dst, u.File), u.Offset), u.Next)
	})
	dst = appendBool(appendTorn(dst, r.Torn), r.Unclosed)
	dst = appendList(dst, r.HiddenRanges, func(dst []byte, v *visibility.Range) []byte {
		return appendU64(appendU64(dst, v.Start), v.End)
	})
	dst = appendString(appendBool(dst, r.DuplicateIDs), string(r.Lookups))
	return appendU64(appendU64(dst, uint64(r.Parts)), uint64(r.TableBytes))
}

func appendTorn(dst []byte, t *replay.Torn) []byte {
	if t == nil {
		return appendBool(dst, false)
	}
	dst = appendU64(appendU64(appendString(appendBool(dst, true), t.File), t.Offset), t.Length)
	return appendBool(appendBool(appendBool(append(dst, t.ID[:]...), t.Named), t.Unproven), t.Frames)
}

// DecodeReport reads what AppendReport wrote. The error is [ErrWire].
func DecodeReport(b []byte) (store.Report, error) {
	r := &reader{b: b}
	out := store.Report{
		OpenedFrom: store.Way(r.string()), Events: r.u64(), Hidden: r.u64(), Allocator: r.u64(),
		Segments: int(r.u64()), TailEvents: r.u64(),
	}
	out.Rejected = list(r, func(r *reader) *damage.Refusal { return r.refusal(1) })
	out.Damages = list(r, func(r *reader) *damage.Damage { return r.damage(1) })
	out.Unfinished = list(r, func(r *reader) replay.Unfinished {
		return replay.Unfinished{File: r.string(), Offset: r.u64(), Items: int(r.u64())}
	})
	out.Gaps = list(r, func(r *reader) replay.Gap {
		return replay.Gap{File: r.string(), First: r.u64(), End: r.u64()}
	})
	out.Unsealed = list(r, func(r *reader) replay.Unsealed {
		return replay.Unsealed{File: r.string(), Offset: r.u64(), Next: r.u64()}
	})
	if r.bool() {
		t := &replay.Torn{File: r.string(), Offset: r.u64(), Length: r.u64()}
		copy(t.ID[:], r.take(event.IDSize))
		t.Named, t.Unproven, t.Frames = r.bool(), r.bool(), r.bool()
		out.Torn = t
	}
	out.Unclosed = r.bool()
	out.HiddenRanges = list(r, func(r *reader) visibility.Range { return visibility.Range{Start: r.u64(), End: r.u64()} })
	out.DuplicateIDs, out.Lookups = r.bool(), store.Lookups(r.string())
	out.Parts, out.TableBytes = int(r.u64()), int64(r.u64())
	if r.err != nil || len(r.b) > 0 {
		return store.Report{}, ErrWire
	}
	return out, nil
}

// AppendFindings appends what a verification found, field by field in the order of
// verify.Result.
func AppendFindings(dst []byte, f *verify.Result) []byte {
	dst = appendList(dst, f.Damages, func(dst []byte, d **damage.Damage) []byte { return appendDamage(dst, *d, 1) })
	dst = appendList(dst, f.Notes, func(dst []byte, n *verify.Note) []byte {
		dst = appendU64(appendString(appendString(dst, string(n.Topic)), n.File), n.Offset)
		dst = appendBool(appendTouched(dst, &n.Event), n.Named)
		return appendString(appendU64(appendU64(dst, n.First), n.End), n.Detail)
	})
	for _, n := range []uint64{f.Omitted, f.Bytes, f.Segments, f.Frames, f.Events, f.Hidden, f.Batches} {
		dst = appendU64(dst, n)
	}
	return appendString(dst, string(f.OpenedFrom))
}

// DecodeFindings reads what AppendFindings wrote. The error is [ErrWire].
func DecodeFindings(b []byte) (*verify.Result, error) {
	r := &reader{b: b}
	out := &verify.Result{Damages: list(r, func(r *reader) *damage.Damage { return r.damage(1) })}
	out.Notes = list(r, func(r *reader) verify.Note {
		n := verify.Note{Topic: verify.Topic(r.string()), File: r.string(), Offset: r.u64()}
		n.Event, n.Named = r.touched(), r.bool()
		n.First, n.End, n.Detail = r.u64(), r.u64(), r.string()
		return n
	})
	for _, n := range []*uint64{
		&out.Omitted, &out.Bytes, &out.Segments, &out.Frames, &out.Events, &out.Hidden, &out.Batches,
	} {
		*n = r.u64()
	}
	out.OpenedFrom = store.Way(r.string())
	if r.err != nil || len(r.b) > 0 {
		return nil, ErrWire
	}
	return out, nil
}
