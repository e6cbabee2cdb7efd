package main

import (
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Role is what the service knows of an actor.
type Role struct {
	Staff bool
	Limit int64 // in cents, of one order
}

// Policy is what every event of the service has to pass.
var Policy = gate.Set(
	typed.Gate(Types, "credit-limit", func(p *gate.Proposal, line LineAdded) error {
		if role, _ := p.Actor.Facts.(Role); !role.Staff && line.Total > role.Limit {
			return fmt.Errorf("%d cents are more than the limit of %d", line.Total, role.Limit)
		}
		return nil
	}),
	typed.Gate(Types, "who-may-cancel", func(p *gate.Proposal, cancelled OrderCancelled) error {
		if role, _ := p.Actor.Facts.(Role); !role.Staff && cancelled.Customer != p.Actor.ID {
			return fmt.Errorf("the order is of %s", cancelled.Customer)
		}
		return nil
	}),
)

// Records keeps each judgement as an event.
var Records = host.Records{At: event.At("policy", "audit"), Permitted: 0x1101, Denied: 0x1102, Bypassed: 0x1103}
