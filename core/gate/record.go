package gate

import "strings"

// MaxText is the longest text of a record, in bytes. Longer ones are cut.
const MaxText = 4096

// PermitRecord is the payload of an event that keeps which gates permitted an append. It
// is the last event of the append's batch, caused by the first one.
type PermitRecord struct {
	// Actor is the id of the actor.
	Actor string `msgpack:"actor"`
	// Gates are the names of the gates, each of which permitted every event.
	Gates []string `msgpack:"gates"`
	// TimeUS is when they were asked, in µs since the Unix epoch.
	TimeUS int64 `msgpack:"time_us"`
	// Items is the number of events that were judged: those just before the record.
	Items int `msgpack:"items"`
}

// DenialRecord is the payload of an event that keeps a refusal. It has the cause and the
// conversation that the first event of the refused append would have had.
type DenialRecord struct {
	Actor string `msgpack:"actor"`
	// Gate is the first gate that refused, and Reason its error.
	Gate   string `msgpack:"gate"`
	Reason string `msgpack:"reason"`
	// Entity, Scope, Kind and ID are those of the event that was refused. No event has the
	// ID, unless it is a key that was tried again.
	Entity string `msgpack:"entity"`
	Scope  string `msgpack:"scope"`
	Kind   uint16 `msgpack:"kind"`
	ID     string `msgpack:"id"`
	// Item is the number of that event in the append, from 0.
	Item   int   `msgpack:"item"`
	TimeUS int64 `msgpack:"time_us"`
	// Verdicts are as in Denial, at most MaxVerdicts of them.
	Verdicts []VerdictRecord `msgpack:"verdicts"`
}

// MaxVerdicts is the largest number of verdicts in a [DenialRecord].
const MaxVerdicts = 256

// VerdictRecord is a [Verdict] in a [DenialRecord].
type VerdictRecord struct {
	Item    int    `msgpack:"item"`
	Gate    string `msgpack:"gate"`
	Outcome string `msgpack:"outcome"` // Outcome.String
	Reason  string `msgpack:"reason,omitempty"`
}

// BypassRecord is the payload of an event that keeps that an append was not judged. It is
// the last event of the append's batch, caused by the first one.
type BypassRecord struct {
	Actor         string `msgpack:"actor"`
	Reason        string `msgpack:"reason"`
	Justification string `msgpack:"justification"`
	// TimeUS is when the append was made, in µs since the Unix epoch.
	TimeUS int64 `msgpack:"time_us"`
	// Items is the number of events that were not judged: those just before the record.
	Items int `msgpack:"items"`
}

// NewPermitRecord returns the record of a batch that a policy has permitted.
func NewPermitRecord(p *Policy, b *Batch) PermitRecord {
	return PermitRecord{Actor: text(b.Actor.ID), Gates: p.Gates(), TimeUS: b.NowUS, Items: len(b.Entries)}
}

// NewBypassRecord returns the record of a batch that is not judged.
func NewBypassRecord(y Bypass, b *Batch) BypassRecord {
	return BypassRecord{
		Actor: text(b.Actor.ID), Reason: text(y.Reason), Justification: text(y.Justification),
		TimeUS: b.NowUS, Items: len(b.Entries),
	}
}

// NewDenialRecord returns the record of a refusal.
func NewDenialRecord(d *Denial, nowUS int64) DenialRecord {
	r := DenialRecord{
		Actor: text(d.Actor), Gate: d.Gate, Reason: reason(d.Reason),
		Entity: text(d.At.Entity), Scope: text(d.At.Scope), Kind: uint16(d.Kind), ID: d.ID.String(),
		Item: d.Item, TimeUS: nowUS,
	}
	for _, v := range d.Verdicts[:min(len(d.Verdicts), MaxVerdicts)] {
		r.Verdicts = append(r.Verdicts, VerdictRecord{Item: v.Item, Gate: v.Gate, Outcome: v.Outcome.String(), Reason: reason(v.Reason)})
	}
	return r
}

// reason returns the text of an error, which may be of a gate that is broken.
func reason(err error) (s string) {
	if err == nil {
		return ""
	}
	defer func() {
		if recover() != nil {
			s = "(the error's text cannot be had)"
		}
	}()
	return text(err.Error())
}

// text returns s as valid UTF-8 of at most MaxText bytes.
func text(s string) string {
	s = s[:min(len(s), MaxText)]
	return strings.ToValidUTF8(s, "")
}
