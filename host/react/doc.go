// Package react makes things follow from events: [Run] appends further events, [Deliver]
// tells the world outside.
//
//	err := react.Run(ctx, store, Types, "shipping", region,
//		func(ctx context.Context, e typed.Envelope) ([]react.Reaction, error) {
//			return []react.Reaction{{At: e.Coordinate, Value: ShipOrder{…}}}, nil
//		}, react.Options{Checkpoint: host.CheckpointFile{Path: "shipping.checkpoint"}})
//
// Both follow a region of a store, from a saved position or the beginning, and return when
// their context ends or with an error. Run them in a goroutine; none outlives them.
//
// # Exactly once
//
// Run appends the reactions to one event, the trigger, as one batch: all of them or none.
// Their ids are keys made of the trigger's id, the reactor's name and the number of the
// reaction. A trigger whose first key is in the store is done: after a restart the handler is
// not asked again, even if it would return something else now. So each trigger has its
// reactions once, also after a crash, and if several goroutines run reactors of one name. A
// checkpoint only saves the time to look at old triggers again. The name of a reactor must not
// change, or it reacts to everything again.
//
// The handler itself can be called several times for one trigger: it should read and decide,
// and do nothing else. A trigger for which it returns no reactions leaves no trace in the
// store: without a checkpoint the handler is asked again at the next start.
//
// All this needs a store that is opened with host.OnDisk, the default. With another
// durability a power loss can take events that a checkpoint has passed.
//
// # At least once
//
// Deliver calls a function for each event, in the order of each entity's stream. After a
// crash it delivers again what comes after the saved position. Send the event's id along, so
// that the receiver can notice repetitions.
package react
