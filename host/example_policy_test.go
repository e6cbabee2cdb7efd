package host_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// A store with a policy takes only what every gate permits. Refusals are kept as events.
func ExampleStore_As() {
	ctx := context.Background()
	policy := gate.Set(gate.New("credit-limit", func(p *gate.Proposal) error {
		var amount int
		if err := payload.Unmarshal(p.Payload, &amount); err != nil {
			return err
		}
		if limit, _ := p.Actor.Facts.(int); amount > limit {
			return fmt.Errorf("%d is above the limit of %d", amount, limit)
		}
		return nil
	}))
	records := &host.Records{At: event.At("audit", "audit"), Permitted: 0x1F01, Denied: 0x1F02}
	st, err := host.Open(ctx, "orders", host.Options{FS: crashfs.New(), Policy: policy, Records: records})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()

	ada := st.As(gate.Actor{ID: "user:ada", Facts: 1000})
	r, err := ada.Append(ctx, event.At("order:42", "shop:eu"), OrderPlaced, 250)
	if err != nil {
		log.Fatal(err)
	}
	_, err = ada.Append(ctx, event.At("order:43", "shop:eu"), OrderPlaced, 1250)
	fmt.Println(errors.Is(err, gate.ErrDenied), err)

	placed, err := st.Get(ctx, r.ID)
	if err != nil {
		log.Fatal(err)
	}
	record, err := records.Find(ctx, st, placed.Event)
	if err != nil {
		log.Fatal(err)
	}
	var permit gate.PermitRecord
	if err := payload.Unmarshal(record.Payload, &permit); err != nil {
		log.Fatal(err)
	}
	fmt.Println(permit.Actor, permit.Gates)
	// Output:
	// true gate credit-limit refuses kind 0x1001 for "order:43": 1250 is above the limit of 1000
	// user:ada [credit-limit]
}
