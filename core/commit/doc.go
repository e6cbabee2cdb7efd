// Package commit turns appends into frames and records: it gives out sequences,
// clocks and chain hashes, encodes, and keeps what the next append has to know.
// It writes nothing; the host writes [Log.Frames] and then says what came of it.
//
// # Groups
//
// Appends are staged one after the other into a group. A staged append is not
// given out to anybody yet: when its bytes are in the file, [Log.Commit] makes
// the whole group count; when they are not, [Log.Rollback] takes back every
// number. So nothing is burned: position in the log and sequence stay in step,
// and whoever numbers the frames from front to end gets the numbers of the
// receipts.
//
// A group lies in one segment, and so does a batch: BEGIN, events and COMMIT are
// one run of bytes. batpak lets a batch go on in the next segment, and then the
// footer of the first lists events that may never be committed. Here a footer
// lists committed events only, and a batch that a crash cut off is always the
// end of the newest segment. The price is a segment that is longer than asked
// for by at most one group. A batch of one event is its frame alone, which is whole
// or not there without markers.
//
// # Clocks, hashes and time
//
// An event's clock is one above that of its entity's last event, cancelled ones
// included; prev_hash is the digest of that event. wall_ms is the event's time
// in ms, or its entity's last wall_ms where that is later and below [MaxWallMS].
// The items of a batch and its markers carry one time stamp, which is how readers
// tell them from later frames when a batch is cut short.
//
// # Keys
//
// An id that the caller chooses is an idempotency key. When an event with that id is
// there, and has the same entity, scope, kind and payload (by its digest), the append
// is a repetition: nothing is written, and the receipt is that event's, whatever the
// append expects of its entity, since that was met when the event was new. Time,
// correlation, causation and flags are not compared; the event keeps those it has.
// When the event has other content, or was cancelled, the error is a [KeyError] that
// says what differs and which event has the key: nothing of the append is in the
// store. A batch is compared item by item. One whose keys are all there, and in which
// every item has one, is answered with their receipts; one of which only a part is
// there is a KeyError, because a batch is one append.
package commit
