package host

import "github.com/thawlog/thaw/core/event"

// BatchOptions are options for a whole batch, sorted by which of its items they are for.
// Code that makes a batch of one command, as package aggregate does, needs them.
type BatchOptions struct {
	// Key is that of [WithKey], if Keyed. Each item needs a key of its own: give it to the
	// first one, and to the others keys derived from it.
	Key   event.ID
	Keyed bool
	// Expected is that of [Expect], [AnyState] without one. It is for the first item.
	Expected Expected
	// Conditions are those of [Unless], for the first item.
	Conditions []AppendOption
	// Each are the others, for every item.
	Each []AppendOption
}

// SplitOptions sorts the options of an append that becomes a batch.
func SplitOptions(options []AppendOption) (b BatchOptions) {
	for _, o := range options {
		switch o.what {
		case optKey:
			b.Key, b.Keyed = o.id, true
		case optExpect:
			b.Expected = o.expected
		case optUnless:
			b.Conditions = append(b.Conditions, o)
		default:
			b.Each = append(b.Each, o)
		}
	}
	return b
}

// Describe sets in an event that is not appended yet what Each say of it: its own time, its
// correlation, its cause if that has an id already, its metadata and its flags.
func (b *BatchOptions) Describe(e *event.Full) {
	for _, o := range b.Each {
		switch o.what {
		case optCorrelation:
			e.Correlation = o.id
		case optCausation, optCause:
			e.Causation = o.id
		case optFlags:
			e.Flags = uint8(o.number)
		case optTime:
			e.TimestampUS, e.Timed = o.number, true
		case optMeta:
			e.Meta = o.meta
		}
	}
}
