// Package bbolt is the order service by hand on go.etcd.io/bbolt. Its buckets:
//
//	bucket  key                   value
//	events  order, 0x00, version  kind, sequence, payload
//	log     sequence              key in events
//	keys    key of a command      order, 0x00, version after the command
//	totals  customer              total; the bucket's number is the projection's position
//
// The events of an order are neighbours, so that loading is one walk; a follower looks each
// event up. Commands that arrive together share a transaction (DB.Batch), configured as in
// the engine of this module.
package bbolt
