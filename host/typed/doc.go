// Package typed gives the kinds of events Go types and names.
//
// An application lists its types in one place, a registry, which is checked when it is
// made:
//
//	var Types = typed.Registry(
//		typed.Event[OrderPlaced](0x1001, "order.placed"),
//		typed.Event[OrderShipped](0x1004, "order.shipped",
//			typed.Was(0x1003, func(old shippedV1) OrderShipped { … })),
//	)
//
// A kind is a version. A type whose meaning changes gets a new kind, and [Was] says what
// its older events become when they are read: nothing stored is rewritten. A field that
// was added or dropped needs no new kind: a missing one keeps its zero value, an unknown
// one is passed over.
//
// [Types.Item] makes the item of an append from a value, [Types.Decode] the value from an
// event. An event of an unknown kind is no error: its value is its payload, a [host.Raw].
// [Types.Check] lists such kinds of a store. [Gate] makes a gate of a store's policy that
// judges values.
package typed
