package gate

import (
	"errors"
	"strconv"

	"github.com/thawlog/thaw/core/event"
)

// Errors of a judgement.
var (
	// ErrDenied is the class of every [Denial].
	ErrDenied = errors.New("gate: the policy denies the append")
	// ErrChanged: a gate changed its copy of the payload, so its word is about other bytes.
	ErrChanged = errors.New("gate: the gate changed the payload")
)

// Outcome is what a gate said of a proposal.
type Outcome uint8

// The outcomes.
const (
	// NotAsked: an earlier gate had refused.
	NotAsked Outcome = iota
	Permitted
	Refused
	// Panicked: the gate panicked, which refuses.
	Panicked
)

// String returns "not asked", "permitted", "refused" or "panicked".
func (o Outcome) String() string {
	switch o {
	case Permitted:
		return "permitted"
	case Refused:
		return "refused"
	case Panicked:
		return "panicked"
	}
	return "not asked"
}

// Verdict is the word of one gate about one event.
type Verdict struct {
	// Item counts the events of the append from 0.
	Item    int
	Gate    string
	Outcome Outcome
	// Reason is the error of the gate, or a *PanicError; nil unless it refused.
	Reason error
}

// Denial reports that a policy refuses an append. Nothing was written.
type Denial struct {
	// Actor is the id of who wanted to append.
	Actor string
	// Item is the first event that was refused, counted from 0. ID, At and Kind are its.
	Item int
	ID   event.ID
	At   event.Coordinate
	Kind event.Kind
	// KindName is the name that the store's options give the kind, "" for none.
	KindName string
	// Gate is the first gate that refused it, and Reason that gate's error.
	Gate   string
	Reason error
	// Verdicts is every gate's word about the event that was refused. If every gate was
	// asked, it has those about every event that any gate refused. All gates permitted the
	// events before these.
	Verdicts []Verdict
}

// Error names the gate, the event and the reason.
func (d *Denial) Error() string {
	s := "gate " + d.Gate + " refuses "
	if d.Item > 0 {
		s += "item " + strconv.Itoa(d.Item) + ", "
	}
	s += "kind " + d.Kind.String()
	if d.KindName != "" {
		s += " (" + d.KindName + ")"
	}
	return s + " for " + strconv.Quote(d.At.Entity) + ": " + d.Reason.Error()
}

// Unwrap returns ErrDenied and the reason of every refusal.
func (d *Denial) Unwrap() []error {
	errs := []error{ErrDenied}
	for i := range d.Verdicts {
		if r := d.Verdicts[i].Reason; r != nil {
			errs = append(errs, r)
		}
	}
	return errs
}

// begin returns d, or a new Denial if d is nil.
func (d *Denial) begin(p *Proposal, g *Gate, reason error) *Denial {
	if d != nil {
		return d
	}
	return &Denial{Actor: p.Actor.ID, Item: p.Item, ID: p.ID, At: p.At, Kind: p.Kind, Gate: g.Name, Reason: reason}
}

func (d *Denial) add(p *Proposal, g *Gate, o Outcome, reason error) {
	d.Verdicts = append(d.Verdicts, Verdict{Item: p.Item, Gate: g.Name, Outcome: o, Reason: reason})
}

// PanicError is the reason of a gate that panicked.
type PanicError struct {
	// Value is what it panicked with.
	Value any
}

// Error has the value if that is a text or an error.
func (e *PanicError) Error() string {
	const s = "gate: the gate panicked"
	switch v := e.Value.(type) {
	case string:
		return s + ": " + v
	case error:
		return s + ": " + v.Error()
	}
	return s
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
