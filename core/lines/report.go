package lines

import (
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// AppendReport appends how a store was opened as one object and a newline: opened_from
// (index, checkpoint or segments), events, hidden, allocator (the next sequence),
// segments, tail_events (read from segments at open), lookups (saved or built),
// rejected (see [AppendRefusal]), damages (see [AppendDamage]), unfinished (batches
// without a commit), gaps (sequences left out), unsealed (segments without a footer),
// torn (the unfinished end of the newest segment, or null), unclosed (whether the store
// was left without a close, or a writer has it open), hidden_ranges, duplicate_ids, table_bytes and open_ns, how long the open took in ns.
func AppendReport(dst []byte, r *store.Report, openNS int64) []byte {
	dst = AppendText(append(dst, `{"opened_from":`...), string(r.OpenedFrom))
	dst = AppendNumber(dst, `,"events":`, r.Events)
	dst = AppendNumber(dst, `,"hidden":`, r.Hidden)
	dst = AppendNumber(dst, `,"allocator":`, r.Allocator)
	dst = AppendNumber(dst, `,"segments":`, uint64(r.Segments))
	dst = AppendNumber(dst, `,"tail_events":`, r.TailEvents)
	dst = AppendText(append(dst, `,"lookups":`...), string(r.Lookups))
	dst = appendPointers(append(dst, `,"rejected":`...), r.Rejected, AppendRefusal)
	dst = appendPointers(append(dst, `,"damages":`...), r.Damages, AppendDamage)
	dst = appendList(append(dst, `,"unfinished":`...), r.Unfinished, appendUnfinished)
	dst = appendList(append(dst, `,"gaps":`...), r.Gaps, appendGap)
	dst = appendList(append(dst, `,"unsealed":`...), r.Unsealed, appendUnsealed)
	dst = appendTorn(append(dst, `,"torn":`...), r.Torn)
	dst = strconv.AppendBool(append(dst, `,"unclosed":`...), r.Unclosed)
	dst = appendList(append(dst, `,"hidden_ranges":`...), r.HiddenRanges, appendRange)
	dst = strconv.AppendBool(append(dst, `,"duplicate_ids":`...), r.DuplicateIDs)
	dst = strconv.AppendInt(append(dst, `,"table_bytes":`...), r.TableBytes, 10)
	dst = strconv.AppendInt(append(dst, `,"open_ns":`...), openNS, 10)
	return append(dst, "}\n"...)
}

func appendUnfinished(dst []byte, u *replay.Unfinished) []byte {
	dst = AppendText(append(dst, `{"file":`...), u.File)
	dst = AppendNumber(dst, `,"offset":`, u.Offset)
	return append(AppendNumber(dst, `,"items":`, uint64(u.Items)), '}')
}

func appendGap(dst []byte, g *replay.Gap) []byte {
	dst = AppendText(append(dst, `{"file":`...), g.File)
	dst = AppendNumber(dst, `,"first":`, g.First)
	if g.End == damage.UnknownEnd {
		return append(dst, `,"end":null}`...)
	}
	return append(AppendNumber(dst, `,"end":`, g.End), '}')
}

func appendUnsealed(dst []byte, u *replay.Unsealed) []byte {
	dst = AppendText(append(dst, `{"file":`...), u.File)
	dst = AppendNumber(dst, `,"offset":`, u.Offset)
	return append(AppendNumber(dst, `,"next":`, u.Next), '}')
}

func appendTorn(dst []byte, t *replay.Torn) []byte {
	if t == nil {
		return append(dst, null...)
	}
	dst = AppendText(append(dst, `{"file":`...), t.File)
	dst = AppendNumber(dst, `,"offset":`, t.Offset)
	dst = AppendNumber(dst, `,"length":`, t.Length)
	if !t.Named {
		return append(dst, `,"event_id":null}`...)
	}
	return append(AppendID(dst, `,"event_id":"`, &t.ID), '}')
}

func appendRange(dst []byte, r *visibility.Range) []byte {
	dst = AppendNumber(dst, `{"start":`, r.Start)
	return append(AppendNumber(dst, `,"end":`, r.End), '}')
}
