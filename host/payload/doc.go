// Package payload is what a user's payload bytes turn into: Go values or one line of JSON.
//
// A payload is exactly one MessagePack value of at most [MaxSize] bytes, nested at most [MaxDepth] deep. It may come
// from a stranger, so everything here begins with [Check], which walks the bytes once, allocates nothing and
// believes no length before comparing it with the bytes that are left.
//
//	Check       is this one sound MessagePack value?
//	Marshal     Go value to MessagePack, smallest form, the same bytes every time
//	Unmarshal   MessagePack to Go value, after Check
//	AppendJSON  MessagePack to one line of JSON
//	ParseJSON   JSON to MessagePack, the inverse of AppendJSON
//
// Bytes in which every integer, length and count takes its smallest form, and an integer from 0 up an unsigned one,
// are called canonical; batpak writes such bytes, and so do Marshal and ParseJSON. Check, AppendJSON and ParseJSON are
// those of the core's package payload, which says how each MessagePack type is spelled in JSON.
package payload
