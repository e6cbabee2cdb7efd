//go:build race

package crash_test

// raceEnabled says that everything is ten times slower.
const raceEnabled = true
