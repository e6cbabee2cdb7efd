package compact

import (
	"github.com/thawlog/thaw/core/lineage"
)

// maxRemovals bounds the removals of one result. Beyond it neighbours are joined.
const maxRemovals = 256

// modes are the verdicts as store.thaw records them.
var modes = [verdicts]lineage.Mode{Drop: lineage.Dropped, Tombstone: lineage.Tombstoned, Redact: lineage.Redacted}

// removed adds an event to the removals. Sequences rise.
func (r *run) removed(v Verdict, sequence uint64) {
	mode := modes[v]
	if mode == 0 {
		return
	}
	all := r.result.Removals
	if n := len(all); n > 0 && all[n-1].Mode == mode && all[n-1].End == sequence {
		all[n-1].End++
		all[n-1].Events++
		return
	}
	if len(all) == maxRemovals {
		all = joined(all)
	}
	r.result.Removals = append(all, lineage.Removal{Mode: mode, First: sequence, End: sequence + 1, Events: 1})
}

// joined joins each removal with the next of its mode, so that about half remain.
func joined(all []lineage.Removal) []lineage.Removal {
	out := all[:0]
	var waiting [verdicts]int // by mode, where in out the next one joins, plus 1
	for _, m := range all {
		if at := &waiting[m.Mode]; *at == 0 {
			out = append(out, m)
			*at = len(out)
		} else {
			out[*at-1].End = m.End
			out[*at-1].Events += m.Events
			*at = 0
		}
	}
	return out
}
