//go:build race

package host_test

// raceEnabled says that everything is ten times slower.
const raceEnabled = true
