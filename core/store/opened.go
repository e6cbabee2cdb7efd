package store

// Opened is a report with what only a host knows of an open. D is the host's type for
// durations, time.Duration: the core has no clock and no word for one. Every reader,
// native or over a plugin, reports in this form.
type Opened[D ~int64] struct {
	Report
	// Took is how long the open or refresh took.
	Took D
	// Recovered is what opening for writing did about an unclean stop, nil when
	// nothing was to be done. A reader does nothing.
	Recovered *Recovered
}

// Recovered is what opening for writing did about an unclean stop.
type Recovered struct {
	// File is the segment that was being written.
	File string
	// Removed says that it held no event and is gone.
	Removed bool
	// Kept is its length without the footer it was given, and Cut how many bytes
	// behind that were no acknowledged append.
	Kept, Cut uint64
	// SetAside is the file in the store's directory that holds the cut bytes, ""
	// when they were nothing but the beginning of one write.
	SetAside string
}
