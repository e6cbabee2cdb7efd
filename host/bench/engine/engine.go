// Package engine defines the interface of the benchmark to every store: the same events,
// the same five queries. Each engine is a package below, configured as its own manual
// advises.
package engine

// ID is an event id, or a correlation or causation.
type ID [16]byte

// Event is the data of an event that every engine stores: the fields of thaw's 162-byte
// record and the payload.
type Event struct {
	// Sequence counts all events from 0.
	Sequence    uint64
	ID          ID
	Entity      string
	Scope       string
	Kind        uint16
	WallMS      uint64
	Clock       uint32 // within the entity
	PrevHash    [32]byte
	Hash        [32]byte
	Correlation ID
	Causation   ID
	Payload     []byte
}

// Engine opens stores of one kind. Its methods are not safe for concurrent use.
type Engine interface {
	// Name returns a short lower-case name, Version the engine's version.
	Name() string
	Version() string
	// Create creates a store in dir, which is empty or missing.
	Create(dir string) (Writer, error)
	// Open opens the store in dir for reading only, in the engine's read-only mode if it
	// has one.
	Open(dir string) (Reader, error)
}

// Writer appends. An append that has returned is on disk.
type Writer interface {
	// AppendBatch appends events with one sync, all or none. An engine that assigns ids
	// writes them into the events; all others store the given ids.
	AppendBatch(events []Event) error
	// Append appends one event. Many goroutines may call it at once; engines that can
	// gather such appends into one sync do. The engine assigns the sequences.
	Append(e *Event) error
	// Close closes the store in an orderly way, so that the next open is fastest.
	Close() error
}

// Merger is an optional interface of a Writer that knows whether it merges its files in the
// background at the moment.
type Merger interface {
	Merging() bool
}

// Upkeep is an optional interface of an Engine: what an operator does with a store that is
// not open.
type Upkeep interface {
	// Compact rewrites the store in dir without the space that it does not need.
	Compact(dir string) error
	// Backup copies the store in dir to dst, an empty directory, in the engine's own way,
	// and syncs the copy.
	Backup(dir, dst string) error
	// Redact removes the payload bytes of an entity's events from the store's files.
	Redact(dir, entity string) error
}

// The optional interfaces of a Writer whose store is kept up while other goroutines append.
// Create opens an existing store of such an engine.
type (
	Compacter interface{ Compact() error }
	// Backuper copies the store to dst: a new directory, or that of an earlier backup,
	// which the copy replaces.
	Backuper interface{ Backup(dst string) error }
	Redacter interface{ Redact(entity string) error }
)

// Unmerged is an optional interface of an Engine that merges small files in the background:
// CreateUnmerged is Create without it, so that they are left for Compact.
type Unmerged interface {
	CreateUnmerged(dir string) (Writer, error)
}

// Forker is an optional interface of an Engine that makes a store of its own of the events
// up to and including a sequence, in dst, a new directory.
type Forker interface {
	Fork(dir string, sequence uint64, dst string) error
}

// Reader answers queries. It need not be safe for concurrent use. The event passed to f, or
// returned, is fully decoded, entity and scope as strings; it and its strings stay valid.
// Only ByID, Stream and All return payloads; those of Stream and All are valid until f
// returns.
type Reader interface {
	BySequence(sequence uint64) (Event, error)
	ByID(id ID) (Event, error)
	// Entity, Scope and Kind call f for every hit in order of sequence.
	Entity(name string, f func(Event)) error
	Scope(name string, f func(Event)) error
	Kind(kind uint16, f func(Event)) error
	// Stream is Entity with payloads, and All the same for every event of the store.
	Stream(name string, f func(Event)) error
	All(f func(Event)) error
	Close() error
}
