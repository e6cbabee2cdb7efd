// Package payload converts a user's payload bytes to and from Go values or one line of JSON.
//
// A payload is exactly one MessagePack value of at most [MaxSize] bytes, nested at most [MaxDepth] deep. It may be
// hostile, so everything here starts with [Check], which walks the bytes once, allocates nothing and compares every
// length with the remaining bytes before using it.
//
//	Check       reports whether the bytes are one valid MessagePack value
//	Marshal     Go value to MessagePack, smallest form, the same bytes every time
//	Unmarshal   MessagePack to Go value, after Check
//	AppendJSON  MessagePack to one line of JSON
//	ParseJSON   JSON to MessagePack, the inverse of AppendJSON
//
// Bytes are canonical if every integer, length and count takes its smallest form, and an integer from 0 up an unsigned
// one. batpak writes such bytes, and so do Marshal and ParseJSON. Check, AppendJSON and ParseJSON are
// those of the core's package payload, which documents how JSON spells each MessagePack type.
package payload
