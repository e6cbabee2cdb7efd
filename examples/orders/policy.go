package main

import (
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
)

// Role is what the service knows of an actor.
type Role struct {
	Staff bool
	Limit int64 // in cents, of one order
}

// Policy is what every event of the service has to pass.
var Policy = gate.Set(
	gate.New("credit-limit", func(p *gate.Proposal) error {
		line, ok := p.Value.(LineAdded)
		if role, _ := p.Actor.Facts.(Role); ok && !role.Staff && line.Total > role.Limit {
			return fmt.Errorf("%d cents are more than the limit of %d", line.Total, role.Limit)
		}
		return nil
	}),
	gate.New("who-may-cancel", func(p *gate.Proposal) error {
		cancelled, ok := p.Value.(OrderCancelled)
		if role, _ := p.Actor.Facts.(Role); ok && !role.Staff && cancelled.Customer != p.Actor.ID {
			return fmt.Errorf("the order is of %s", cancelled.Customer)
		}
		return nil
	}),
)

// Records keeps each judgement as an event.
var Records = host.Records{At: event.At("policy", "audit"), Permitted: 0x1101, Denied: 0x1102, Bypassed: 0x1103}
