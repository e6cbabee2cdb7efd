package compact

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// Judge decides about events: see Plan.Judge. The judges of this package are pure.
type Judge = func(*event.Event) Verdict

// KeepKinds keeps the events of some kinds, and gives all others a verdict.
func KeepKinds(kinds event.Kinds, others Verdict) Judge {
	return func(e *event.Event) Verdict {
		if kinds.Has(e.Kind) {
			return Keep
		}
		return others
	}
}

// Before gives a verdict to events with a WallMS below ms, in milliseconds since 1970.
func Before(ms uint64, v Verdict) Judge {
	return func(e *event.Event) Verdict {
		if e.WallMS < ms {
			return v
		}
		return Keep
	}
}

// In gives a verdict to the events of a region. The region must not have bounds of own times,
// which the index does not have.
func In(region query.Region, v Verdict) Judge {
	return func(e *event.Event) Verdict {
		if region.Has(e) {
			return v
		}
		return Keep
	}
}

// First asks judges in turn and returns the first verdict that is not Keep.
func First(judges ...Judge) Judge {
	return func(e *event.Event) Verdict {
		for _, judge := range judges {
			if v := judge(e); v != Keep {
				return v
			}
		}
		return Keep
	}
}

// All keeps an event unless every judge gives it a verdict; then it is the last one's. With
// [Before] and [In] it is retention of some events only. Without judges all are kept.
func All(judges ...Judge) Judge {
	return func(e *event.Event) (v Verdict) {
		for _, judge := range judges {
			if v = judge(e); v == Keep {
				return Keep
			}
		}
		return v
	}
}
