// Package commit turns appends into frames and records. It assigns sequences, clocks
// and chain hashes, encodes the frames, and keeps the state that the next append
// needs. It does no I/O: the host writes [Log.Frames] and then calls [Log.Commit] or
// [Log.Rollback].
//
// # Groups
//
// Appends are staged one after the other into a group. Readers do not see staged
// appends. Once the bytes are in the file, [Log.Commit] commits the whole group; if
// they are not, [Log.Rollback] returns every number. So no number is lost: position in
// the log and sequence stay in step, and numbering the frames in file order yields the
// sequences of the receipts.
//
// A group lies in one segment, and so does a batch: BEGIN, events and COMMIT are
// contiguous. batpak lets a batch continue in the next segment, and then the footer
// of the first lists events that may never be committed. Here a footer lists
// committed events only, and a batch cut off by a crash is always the end of the
// newest segment. The price: a segment exceeds the requested size by at most one
// group. A batch of one event is written without markers, since a single frame is
// atomic by itself.
//
// # Clocks, hashes and time
//
// An event's clock is one above that of its entity's last event, cancelled ones
// included; prev_hash is the digest of that event. wall_ms is the event's time in ms,
// or its entity's last wall_ms if that is later and below [MaxWallMS]. The items of a
// batch and its markers carry one time stamp, by which readers tell them from later
// frames when a batch is cut short.
//
// # Conditions
//
// A [Condition] requires that no visible event since a sequence is in a region. It is
// validated when the append is staged, against the committed events, those staged before
// it and the earlier items of its own batch, so of two appends whose conditions exclude
// each other one is staged. A refusal because of a staged event holds only if the group is
// committed.
//
// The log links its records by entity and by scope (links.go). A region with either is
// searched along these links, and any other record by record, back to the condition's
// sequence. If that would take many steps, or goes back before the log, the history is
// asked, which has an index. The last regions without an event are remembered, so that
// many appends with the same condition do not search the same events again.
//
// # Keys
//
// An id chosen by the caller is an idempotency key. If an event with that id exists
// and has the same entity, scope, kind and payload digest, the append is a repetition:
// nothing is written and the receipt is that event's. The expected state and conditions
// are not checked again, since they held when the event was new. Time, correlation, causation
// and flags are not compared; the event keeps its own.
//
// If the existing event differs or was cancelled, the append fails with a [KeyError]
// that lists the differences and names the event, and nothing of it is stored. A batch
// is compared item by item. If every item has a key that exists, the batch returns
// their receipts; if only some do, it fails with a KeyError, because a batch is one
// append. Items that are attached to a batch, such as a record of who permitted it, are
// not compared. An [Entry] with Repetition is never stored: its append only asks for the
// first receipts.
package commit
