package aggregate

import "strings"

// Option is an option of [Of].
type Option func(*settings)

type settings struct {
	scope func(id string) string
	tries int
	cache SnapshotOptions
}

// DefaultTries is how often Do decides on one command before it gives up.
const DefaultTries = 10

func newSettings(prefix string, options []Option) settings {
	name := strings.TrimRight(prefix, ":/.-_")
	if name == "" {
		name = "aggregate"
	}
	s := settings{tries: DefaultTries}
	Scope(name)(&s)
	for _, o := range options {
		o(&s)
	}
	return s
}

// Scope sets the scope of all events. The default is the prefix without punctuation at its
// end, "order" for "order:", or "aggregate" if nothing is left.
func Scope(name string) Option { return ScopeOf(func(string) string { return name }) }

// ScopeOf sets a function that returns the scope of an id's events, such as its tenant.
func ScopeOf(scope func(id string) string) Option { return func(s *settings) { s.scope = scope } }

// Tries sets how often Do decides on one command before it gives up, at least once. The
// default is [DefaultTries].
func Tries(n int) Option { return func(s *settings) { s.tries = max(n, 1) } }

// SnapshotOptions are the options of [Snapshots].
type SnapshotOptions struct {
	// Cache keeps the snapshots.
	Cache Cache
	// Every is how many events a load folds before it asks for a new snapshot, by default
	// 500. An aggregate with fewer events has none.
	Every int
	// Version is any text. A snapshot that was made with another is not used: change it when
	// the code of Apply, or of an upcast, makes another state of the same events.
	Version string
}

const defaultEvery = 500

// Snapshots makes loads begin at a saved state. A goroutine that ends by itself writes the
// snapshots after loads that folded many events; [Aggregates.Close] waits for it.
//
// The state must be a value that package payload encodes, and that is the same after
// decoding: no unexported fields that matter, no functions, no two ways to the same memory,
// such as a pointer to an element of a slice that the state has too. Otherwise there is no
// snapshot. Apply must not compare pointers: those to variables of the program are to copies
// after decoding.
func Snapshots(o SnapshotOptions) Option {
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	return func(s *settings) { s.cache = o }
}
