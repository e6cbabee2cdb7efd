package gate_test

import (
	"errors"
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
)

// A gate may be tested without a store.
func ExamplePolicy_JudgeAll() {
	policy := gate.Set(
		gate.New("names", func(p *gate.Proposal) error {
			if p.Actor.ID == "" {
				return errors.New("nobody is named")
			}
			return nil
		}),
		gate.New("small", func(p *gate.Proposal) error {
			if len(p.Payload) > 2 {
				return errors.New("too large")
			}
			return nil
		}),
	)
	err := policy.JudgeAll(&gate.Proposal{At: event.At("order:1", "shop"), Kind: 0x1001, Payload: []byte{0xa3, 'a', 'b', 'c'}})
	var denial *gate.Denial
	if errors.As(err, &denial) {
		for _, v := range denial.Verdicts {
			fmt.Println(v.Gate, v.Outcome, v.Reason)
		}
	}
	// Output:
	// names refused nobody is named
	// small refused too large
}
