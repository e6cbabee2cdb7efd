// Package gate judges appends before they are written. A [Gate] is a name and a function
// that refuses a [Proposal] or does not; a [Policy] is a list of gates. What a policy
// permits gets a [Permit], with which package host appends it:
//
//	var policy = gate.Set(
//		gate.New("opening-hours", func(p *gate.Proposal) error { … }),
//		gate.New("credit-limit", func(p *gate.Proposal) error { … }),
//	)
//
//	store, err := host.Open(ctx, dir, host.Options{Policy: policy})
//	receipt, err := store.As(gate.Actor{ID: "user:7"}).Append(ctx, at, OrderPlaced, order)
//
// # What is certain
//
// A gate sees the bytes that will be written. The event is encoded once, before the first
// gate is asked, and the caller keeps no reference to the result. Every gate gets a copy of
// its own, so no gate changes what is written or what the next one sees; one that changes
// its copy of the payload refuses with [ErrChanged]. A gate that panics refuses.
//
// A permit is of one [Issuer], which a store keeps to itself: a permit that another issuer
// made, and the zero Permit, are refused with [ErrForeign]. A permit holds the events that
// were judged and has no setter. It can be used once; a copy of it is the same permit.
//
// A gate's word holds for the moment it was asked. Add an expectation or a condition to the
// append for what must still be so when it is written.
//
// # Records
//
// [PermitRecord], [DenialRecord] and [BypassRecord] are the payloads of events that keep what was
// judged. Package host writes them; see its Records.
//
// The package is pure: it has no clock, no I/O and no goroutine, and runs inside wasm.
package gate
