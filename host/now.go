package host

import "time"

// Now returns the time that an event appended now gets: what Options.Now returns.
func (s *Store) Now() time.Time { return s.options.Now() }

// Now is that of the store.
func (a *ActingStore) Now() time.Time { return a.store.Now() }
